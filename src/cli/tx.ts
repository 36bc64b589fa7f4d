/** `trefoil tx`: submit transactions and see what became of them. */
import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Hash } from '../base/brand.ts';
import { TRANSACTION_JSON_BYTES_MAX } from '../api/limits.ts';
import { parseAmount, parseId, parseIdOrLast } from './arguments.ts';
import { readBoundedFile } from './files.ts';
import { badOperations, operationsFromJson } from './operations.ts';
import { type Answer, CommandError, type Run } from './output.ts';
import { addressOf } from './people.ts';
import { describe, type SubmissionOptions, submit, withSubmission } from './submission.ts';
import { clientOf, type TargetOptions, withTarget } from './target.ts';
import { DEFAULT_DIR, lastTransactionFile } from './testnet/layout.ts';

interface TransferOptions extends SubmissionOptions {
  readonly to: string;
  readonly amount: bigint;
}

export function txCommand(run: Run): Command {
  return new Command('tx')
    .description('Submit transactions and see what became of them.')
    .addCommand(transferCommand(run))
    .addCommand(submitCommand(run))
    .addCommand(showCommand(run));
}

function transferCommand(run: Run): Command {
  return withSubmission(new Command('transfer'), 'who pays')
    .description(
      'Send an amount from one account to another. The transaction is signed here; the key never leaves this machine.',
    )
    .requiredOption('--to <who>', 'who is paid: a name or an address')
    .requiredOption('--amount <number>', 'how much, in the smallest unit', parseAmount)
    .addHelpText(
      'after',
      `
Examples:
  trefoil tx transfer --from alice --to bob --amount 5 --wait
  trefoil tx transfer --from alice --to tre1… --amount 5 --memo "invoice 7" --json
  trefoil tx transfer --from treasury --to bob --amount 5 --node http://127.0.0.1:8080 --passphrase-file secret

Without --wait it returns once a node took it in; look later with \`trefoil tx show ID\`.`,
    )
    .action((options: TransferOptions) => run(() => transfer(options)));
}

function submitCommand(run: Run): Command {
  return withSubmission(new Command('submit'))
    .description(
      'Do up to 16 operations of any kind, all of them or none. Their conditions are checked before the first is done.',
    )
    .argument('<file>', 'a JSON file: a list of operations, each as the HTTP interface has it (see /openapi.json)')
    .addHelpText(
      'after',
      `
Examples:
  trefoil tx submit both.json --from alice --wait

where both.json pays only if nobody has changed an order since it was read:
  [
    { "kind": "require", "namespace": "shop", "key": "orders/7", "condition": "17:3" },
    { "kind": "transfer", "to": "tre1…", "amount": "5" }
  ]

A value is base64, a condition "any", "absent" or a version, an amount decimal text.`,
    )
    .action((file: string, options: SubmissionOptions) => run(() => submitFile(file, options)));
}

function showCommand(run: Run): Command {
  return withTarget(new Command('show'))
    .description('What a node knows of a transaction: unknown, pending, committed with its receipt, or rejected.')
    .argument(
      '<id>',
      "its id, 64 hexadecimal digits; 'last' for the newest one sent to this testnet from here",
      parseIdOrLast,
    )
    .addHelpText('after', '\nExamples:\n  trefoil tx show last\n  trefoil tx show 5f0c…9a --json')
    .action((id: Hash | 'last', options: TargetOptions) => run(() => show(id, options)));
}

const transfer = (options: TransferOptions): Promise<Answer> =>
  submit(options, `${options.amount} from ${options.from} to ${options.to}`, async ({ directory }) => [
    { kind: 'transfer', to: await addressOf(options.to, directory), amount: options.amount },
  ]);

async function submitFile(file: string, options: SubmissionOptions): Promise<Answer> {
  const text = await readBoundedFile(file, TRANSACTION_JSON_BYTES_MAX, badOperations);
  return submit(options, file, async ({ network }) =>
    operationsFromJson(new TextDecoder().decode(text), file, network.addressPrefix),
  );
}

async function show(id: Hash | 'last', options: TargetOptions): Promise<Answer> {
  const client = clientOf(options);
  const status = await client.transaction(id === 'last' ? lastTransaction(options) : id);
  return { json: status, text: describe(status) };
}

/** The id that the newest transaction to this testnet left. Throws CommandError: NO_LAST_TRANSACTION. */
function lastTransaction({ node, dir }: TargetOptions): Hash {
  const file = lastTransactionFile(dir ?? DEFAULT_DIR);
  if (node === undefined && existsSync(file)) return parseId(readFileSync(file, 'utf8'));
  throw new CommandError(
    'NO_LAST_TRANSACTION',
    'no transaction was sent to this testnet from here',
    'Send one with `trefoil tx transfer`, or name an id.',
  );
}
