/** What all commands share that submit a transaction: their options, sending, waiting, and what they say of it. */
import { type Command, Option } from 'commander';
import { WAIT_MS_MAX } from '../api/limits.ts';
import { RECEIPT_HINTS } from '../api/receipt-codes.ts';
import type { StatusJson } from '../api/status.ts';
import type { TransactionStatus } from '../api/transaction.ts';
import { type Height, hash } from '../base/brand.ts';
import type { Client } from '../client/client.ts';
import type { SignedBytes } from '../client/wallet.ts';
import type { Operation } from '../ledger/transaction.ts';
import { parseDuration, parseFee, parseNatural } from './arguments.ts';
import { type Answer, EXIT } from './output.ts';
import { DEFAULT_KEYS, type Directory, walletOf } from './people.ts';
import { clientOf, type TargetOptions, withTarget } from './target.ts';
import { DEFAULT_DIR, lastTransactionFile, writeWhole } from './testnet/layout.ts';

export interface SubmissionOptions extends TargetOptions {
  readonly from: string;
  readonly maxFee: bigint;
  readonly memo?: string;
  readonly nonce?: number;
  readonly expiresAt: number;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly keys: string;
  readonly passphraseFile?: string;
}

/** Adds the options of whatever is submitted. `sender`: who is named by --from. */
export const withSubmission = (command: Command, sender = 'who does it'): Command =>
  withTarget(command)
    .requiredOption('--from <name>', `${sender}: a development account, or a key of \`trefoil keys new\``)
    .addOption(new Option('--max-fee <number>', 'the most to pay for it').argParser(parseFee).default(0n, '0'))
    .option('--memo <text>', 'a reference that is kept with it')
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
    .option('--passphrase-file <file>', "file with the passphrase of the sender's key");

/** What is known where operations are made: who is who, and how far the network is. */
export interface Surroundings {
  readonly directory: Directory;
  readonly network: StatusJson;
}

/** Signs the operations, sends them, waits for them if that was asked for, and tells what became of them. `sentence`: what was done,
 *  for people. Throws CommandError and ClientError. */
export async function submit(
  options: SubmissionOptions,
  sentence: string,
  operationsFor: (surroundings: Surroundings) => Promise<readonly Operation[]>,
): Promise<Answer> {
  const client = clientOf(options);
  const surroundings = await surroundingsOf(client, options);
  return answerOf(options, sentence, await send(client, surroundings, options, await operationsFor(surroundings)));
}

/** Throws ClientError. */
export async function surroundingsOf(client: Client, { keys }: Pick<SubmissionOptions, 'keys'>): Promise<Surroundings> {
  const network = await client.status();
  return { network, directory: { network, keys } };
}

/** Signs the operations, sends them, and waits for them if that was asked for. Throws CommandError and ClientError. */
export async function send(
  client: Client,
  { directory, network }: Surroundings,
  options: SubmissionOptions,
  operations: readonly Operation[],
): Promise<TransactionStatus> {
  const wallet = await walletOf(options.from, directory, options.passphraseFile);
  const signed = wallet.operate({
    chainId: hash(network.chainId),
    nonce: options.nonce ?? (await client.account(wallet.address)).pendingNonce,
    operations,
    maxFee: options.maxFee,
    expiresAt: options.expiresAt as Height,
    ...(options.memo !== undefined && { memo: options.memo }),
  });
  const waits = options.wait === true;
  const status = waits ? await submitAndWait(client, signed, options.timeout) : await client.submit(signed.bytes);
  if (options.node === undefined) writeWhole(lastTransactionFile(options.dir ?? DEFAULT_DIR), signed.id);
  return status;
}

/** What became of what was sent; `more` stands before it for scripts. */
export const answerOf = (
  { wait }: Pick<SubmissionOptions, 'wait'>,
  sentence: string,
  status: TransactionStatus,
  more: object = {},
): Answer => ({
  json: { ...more, ...summary(status) },
  text: `${sentence}: ${describe(status)}`,
  exitCode: verdict(status, wait === true),
});

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

/** What is known of a transaction, with what it did, for people. */
export function describe(status: TransactionStatus): string {
  const id = `\nid ${status.id}`;
  switch (status.status) {
    case 'committed': {
      const { height, index, receipt } = status;
      const { code, feePaid, events } = receipt;
      const at = `committed at height ${height} (transaction ${index} of the block)`;
      if (code !== 'OK') return `${at}, failed with ${code}, fee ${feePaid}\nhint: ${RECEIPT_HINTS[code]}${id}`;
      return `${at}, done, fee ${feePaid}${events.map((event) => `\n  ${describeEvent(event)}`).join('')}${id}`;
    }
    case 'rejected':
      return `rejected with ${status.code}${status.detail === undefined ? '' : `: ${status.detail}`}${id}`;
    case 'pending':
      return `pending: taken in, not yet final${id}`;
    case 'unknown':
      return `unknown: this node has never seen it, or has forgotten it${id}`;
  }
}

/** An event of any kind of operation: its kind, and what it says. No deposit is what most have, and goes without saying. */
function describeEvent({ kind, ...fields }: { readonly kind: string }): string {
  const said = Object.entries(fields)
    .filter(([name, value]) => !(name.startsWith('deposit') && value === '0'))
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${String(value)}`);
  return `${kind}: ${said.join(', ')}`;
}

function verdict(status: TransactionStatus, waited: boolean): Answer['exitCode'] & number {
  if (status.status === 'rejected') return EXIT.failed;
  if (status.status === 'committed') return status.receipt.code === 'OK' ? EXIT.done : EXIT.failed;
  return waited ? EXIT.timedOut : EXIT.done;
}
