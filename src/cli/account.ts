/** `trefoil account`. */
import { Command } from 'commander';
import type { Answer, Run } from './output.ts';
import { addressOf, DEFAULT_KEYS } from './people.ts';
import { clientOf, type TargetOptions, withTarget } from './target.ts';

interface ShowOptions extends TargetOptions {
  readonly keys: string;
}

export function accountCommand(run: Run): Command {
  return new Command('account').description('Look at accounts.').addCommand(
    withTarget(new Command('show'))
      .description('Balance and nonces of an account.')
      .argument('<who>', 'a name or an address')
      .option('--keys <folder>', 'folder of keys, where names are looked up', DEFAULT_KEYS)
      .addHelpText('after', '\nExamples:\n  trefoil account show alice\n  trefoil account show tre1… --json')
      .action((who: string, options: ShowOptions) => run(() => show(who, options))),
  );
}

async function show(who: string, options: ShowOptions): Promise<Answer> {
  const client = clientOf(options);
  const network = await client.status();
  const account = await client.account(await addressOf(who, { network, keys: options.keys }));
  const { address, balance, nonce, pendingNonce } = account;
  const text = [
    `address        ${address}`,
    `balance        ${balance}`,
    `nonce          ${nonce} (${nonce === 1 ? 'transaction' : 'transactions'} in final blocks)`,
    `pending nonce  ${pendingNonce} (for its next one)`,
  ].join('\n');
  return { json: account, text };
}
