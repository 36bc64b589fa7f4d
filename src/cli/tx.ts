/** `trefoil tx`: submit transactions and see what became of them. */
import { existsSync, readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { TransactionStatus } from '../api/transaction.ts';
import { WAIT_MS_MAX } from '../api/limits.ts';
import type { Hash, Height } from '../base/brand.ts';
import { hash } from '../base/brand.ts';
import type { Client } from '../client/client.ts';
import type { SignedBytes } from '../client/wallet.ts';
import { parseAmount, parseDuration, parseFee, parseId, parseIdOrLast, parseNatural } from './arguments.ts';
import { type Answer, CommandError, EXIT, type Run } from './output.ts';
import { addressOf, DEFAULT_KEYS, walletOf } from './people.ts';
import { clientOf, type TargetOptions, withTarget } from './target.ts';
import { DEFAULT_DIR, lastTransactionFile, writeWhole } from './testnet/layout.ts';

interface TransferOptions extends TargetOptions {
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly maxFee: bigint;
  readonly memo?: string;
  readonly nonce?: number;
  readonly expiresAt: number;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly keys: string;
  readonly passphraseFile?: string;
}

export function txCommand(run: Run): Command {
  return new Command('tx')
    .description('Submit transactions and see what became of them.')
    .addCommand(transferCommand(run))
    .addCommand(showCommand(run));
}

function transferCommand(run: Run): Command {
  return withTarget(new Command('transfer'))
    .description(
      'Send an amount from one account to another. The transaction is signed here; the key never leaves this machine.',
    )
    .requiredOption('--from <name>', 'who pays: a development account, or a key of `trefoil keys new`')
    .requiredOption('--to <who>', 'who is paid: a name or an address')
    .requiredOption('--amount <number>', 'how much, in the smallest unit', parseAmount)
    .addOption(new Option('--max-fee <number>', 'the most to pay for it').argParser(parseFee).default(0n, '0'))
    .option('--memo <text>', 'a reference for the recipient')
    .option(
      '--nonce <number>',
      "the sender's number of earlier transactions (default: the node is asked)",
      parseNatural,
    )
    .option('--expires-at <height>', 'last height at which it may be executed, 0 for any', parseNatural, 0)
    .option('--wait', 'wait until it is final')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait; then the answer is "pending" and the exit code 3')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .option('--keys <folder>', 'folder of keys', DEFAULT_KEYS)
    .option('--passphrase-file <file>', "file with the passphrase of the sender's key")
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

async function transfer(options: TransferOptions): Promise<Answer> {
  const client = clientOf(options);
  const network = await client.status();
  const directory = { network, keys: options.keys };
  const to = await addressOf(options.to, directory);
  const wallet = await walletOf(options.from, directory, options.passphraseFile);
  const signed = wallet.transfer({
    chainId: hash(network.chainId),
    nonce: options.nonce ?? (await client.account(wallet.address)).pendingNonce,
    to,
    amount: options.amount,
    maxFee: options.maxFee,
    expiresAt: options.expiresAt as Height,
    ...(options.memo !== undefined && { memo: options.memo }),
  });
  const status =
    options.wait === true ? await submitAndWait(client, signed, options.timeout) : await client.submit(signed.bytes);
  if (options.node === undefined) writeWhole(lastTransactionFile(options.dir ?? DEFAULT_DIR), signed.id);
  const sentence = `${options.amount} from ${options.from} to ${options.to}`;
  return {
    json: summary(status),
    text: `${sentence}: ${describe(status)}`,
    exitCode: verdict(status, options.wait === true),
  };
}

/** One request may wait for a minute; for more the node is asked again. */
async function submitAndWait(
  client: Client,
  { id, bytes }: SignedBytes,
  timeoutMs: number,
): Promise<TransactionStatus> {
  const deadline = Date.now() + timeoutMs;
  const status = await client.submit(bytes, Math.min(timeoutMs, WAIT_MS_MAX));
  if (status.status === 'committed' || status.status === 'rejected' || Date.now() >= deadline) return status;
  return client.waitFor(id, deadline - Date.now());
}

async function show(id: Hash | 'last', options: TargetOptions): Promise<Answer> {
  const client = clientOf(options);
  const status = await client.transaction(id === 'last' ? lastTransaction(options) : id);
  return { json: status, text: describe(status) };
}

/** The id that the newest `tx transfer` to this testnet left. Throws CommandError: NO_LAST_TRANSACTION. */
function lastTransaction({ node, dir }: TargetOptions): Hash {
  const file = lastTransactionFile(dir ?? DEFAULT_DIR);
  if (node === undefined && existsSync(file)) return parseId(readFileSync(file, 'utf8'));
  throw new CommandError(
    'NO_LAST_TRANSACTION',
    'no transaction was sent to this testnet from here',
    'Send one with `trefoil tx transfer`, or name an id.',
  );
}

/** `{id, status, height?, receipt?}`, and why where it was rejected. */
function summary(status: TransactionStatus): object {
  const { id } = status;
  switch (status.status) {
    case 'committed':
      return { id, status: status.status, height: status.height, receipt: status.receipt };
    case 'rejected':
      return { id, status: status.status, code: status.code, detail: status.detail };
    case 'pending':
    case 'unknown':
      return { id, status: status.status };
  }
}

function describe(status: TransactionStatus): string {
  const id = `\nid ${status.id}`;
  switch (status.status) {
    case 'committed': {
      const { height, index, receipt } = status;
      const outcome = receipt.code === 'OK' ? 'done' : `failed with ${receipt.code}`;
      return `committed at height ${height} (transaction ${index} of the block), ${outcome}, fee ${receipt.feePaid}${id}`;
    }
    case 'rejected':
      return `rejected with ${status.code}${status.detail === undefined ? '' : `: ${status.detail}`}${id}`;
    case 'pending':
      return `pending: taken in, not yet final${id}`;
    case 'unknown':
      return `unknown: this node has never seen it, or has forgotten it${id}`;
  }
}

function verdict(status: TransactionStatus, waited: boolean): Answer['exitCode'] & number {
  if (status.status === 'rejected') return EXIT.failed;
  if (status.status === 'committed') return status.receipt.code === 'OK' ? EXIT.done : EXIT.failed;
  return waited ? EXIT.timedOut : EXIT.done;
}
