/**
 * What a peer is charged, in microseconds, before the work is done: by what is known then, which is a kind and a length.
 * What is found out later (signatures to check, answers to give) is charged when it is found out, and before it is done.
 */
import { COSTS, kibBeyondFirst } from './costs.ts';
import { BUDGET_US_PER_MS, REPEATED_BYTES_PER_S } from '../limits.ts';
import type { Lane } from '../ports.ts';
import { kindOfBytes, type PeerMessage } from '../wire/wire.ts';

const kib = (bytes: number): number => bytes / 1024;

/** Bytes of an id in a body. */
const ID_BYTES = 32;

/** To throw a message away unread: it came through the network all the same. */
export const priceOfDropping = (bytes: number): number => COSTS.message + kib(bytes) * COSTS.wireKiB;

/** To decode a message, and to hash what is known by its hash, or look for it. What is no message is found out at once. */
export function priceOfMessage(message: Uint8Array): number {
  const kind = kindOfBytes(message);
  const { length } = message;
  if (kind === undefined) return priceOfDropping(length);
  return priceOfDropping(length) + kib(length) * COSTS.decodeKiBOf[kind] + priceOfHashing(kind, length);
}

function priceOfHashing(kind: PeerMessage['kind'], bytes: number): number {
  if (kind === 'pre-prepare' || kind === 'fetch-transactions') return (bytes / ID_BYTES) * COSTS.bodyId;
  if (kind === 'body' || kind === 'blocks') return transactionsIn(bytes) * (COSTS.transaction + COSTS.bodyId);
  return kind === 'transactions' ? transactionsIn(bytes) * COSTS.known : 0;
}

/** To decode a transaction that is new here, and to have its signature checked. */
export const priceOfTransaction = (bytes: number): number =>
  COSTS.transaction + COSTS.verifyElsewhere + kibBeyondFirst(bytes) * COSTS.transactionKiB;

/** To read the account of its sender, which nobody has signed for yet; and to read any, for all transactions of a bundle together. */
export const PRICE_OF_SENDER = COSTS.read;
export const PRICE_OF_SENDERS = COSTS.answer;

/** A transaction's part of the bundle that it came in. */
export const priceOfPlace = (bytes: number): number =>
  kib(bytes) * (COSTS.wireKiB + COSTS.decodeKiBOf.transactions) + transactionsIn(bytes) * COSTS.known;

/** To encode and send an answer. */
export const priceOfAnswer = (kind: PeerMessage['kind'], bytes: number): number =>
  COSTS.send + kib(bytes) * (COSTS.wireKiB + COSTS.encodeKiBOf[kind]);

/** To give a peer so many bytes again. No work costs that: it is the uplink that is shared out by it. */
export const priceOfRepeating = (lane: Lane, bytes: number): number =>
  (1000 * BUDGET_US_PER_MS[lane] * bytes) / REPEATED_BYTES_PER_S;

/** To read values of so many bytes in all. Answers are put together from them as they are. */
export const priceOfReading = (keys: number, bytes: number): number =>
  COSTS.answer + keys * COSTS.read + kib(bytes) * COSTS.readKiB;

/** What a bundle or a question costs who gets it, were all of it useless, and all of it the smallest transactions, which cost most
 *  for their length. Our own side goes by it, see `Pace`. */
export const priceOfUselessness = (message: Uint8Array): number =>
  priceOfMessage(message) +
  (kindOfBytes(message) === 'transactions'
    ? PRICE_OF_SENDERS + transactionsIn(message.length) * (priceOfTransaction(TRANSACTION_BYTES_MIN) + PRICE_OF_SENDER)
    : 0);

/** Bytes of the smallest signed transaction: there are no more in a message than this allows. */
const TRANSACTION_BYTES_MIN = 200;

const transactionsIn = (bytes: number): number => bytes / TRANSACTION_BYTES_MIN;
