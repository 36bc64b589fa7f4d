/** `trefoil stake`: what a validator's account puts at stake, takes out, and gets back. */
import { Command } from 'commander';
import { parseAmount } from '../arguments.ts';
import type { Answer, Run } from '../output.ts';
import { answerOf, send, surroundingsOf } from '../submission.ts';
import { clientOf } from '../target.ts';
import { checkLeaving, type CheckOptions, withCheck } from './check.ts';
import { type OwnerOptions, ownValidator, withOwner } from './own.ts';

const AMOUNT = 'how much, in the smallest unit';

export function stakeCommand(run: Run): Command {
  return new Command('stake')
    .description("Put stake on one's validator, and take it out. Power follows when the next epoch begins.")
    .addCommand(
      withOwner(new Command('bond'))
        .description('Put more of the account on its validator. It gives power from the next epoch on.')
        .argument('<amount>', AMOUNT, parseAmount)
        .addHelpText('after', '\nExamples:\n  trefoil stake bond 5 --from validator-2 --wait')
        .action((amount: bigint, options: OwnerOptions) => run(() => move('bond', amount, options))),
    )
    .addCommand(
      withCheck(withOwner(new Command('unbond')))
        .description('Take stake out. All of it: the validator leaves when the epoch ends.')
        .argument('<amount>', AMOUNT, parseAmount)
        .addHelpText(
          'after',
          `
Examples:
  trefoil stake unbond 5 --from validator-2 --wait
  trefoil stake unbond 20 --from validator-2 --check    only says who and what would be left

What was taken out can still be cut for what the validator signed before, and is withdrawn after membership.unbondingEpochs
(\`trefoil parameter list\`). Before anything is signed you are told what would be left; --force does it all the same.`,
        )
        .action((amount: bigint, options: OwnerOptions & CheckOptions) =>
          run(async (output) => (await checkLeaving(amount, options, output)) ?? move('unbond', amount, options)),
        ),
    )
    .addCommand(
      withOwner(new Command('withdraw'))
        .description('Get back what was taken out, and has waited for long enough.')
        .argument('<amount>', AMOUNT, parseAmount)
        .addHelpText(
          'after',
          `
Examples:
  trefoil validator show 2                                what is on its way out, and since when
  trefoil stake withdraw 5 --from validator-2 --wait`,
        )
        .action((amount: bigint, options: OwnerOptions) => run(() => move('withdraw', amount, options))),
    );
}

async function move(kind: 'bond' | 'unbond' | 'withdraw', amount: bigint, options: OwnerOptions): Promise<Answer> {
  const client = clientOf(options);
  const surroundings = await surroundingsOf(client, options);
  const validator = await ownValidator(client, surroundings, options);
  const status = await send(client, surroundings, options, [{ kind, validator, amount }]);
  return answerOf(options, `${kind} ${amount} of validator ${validator}`, status);
}
