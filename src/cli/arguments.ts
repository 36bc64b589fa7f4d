/** What people type, as values. Errors are commander's, so that they count as wrong usage. */
import { InvalidArgumentError } from 'commander';
import { type Hash, isHash } from '../base/brand.ts';
import { fromHex } from '../codec/hex.ts';
import {
  deltaField,
  type EntryVersion,
  keyField,
  namespaceField,
  versionField,
} from '../ledger/operations/data-fields.ts';
import { nameField, publicKeyField } from '../ledger/operations/membership-fields.ts';
import { isEd25519PeerId } from '../ledger/peer-id.ts';

const UINT64_MAX = 2n ** 64n - 1n;
const DURATION_MS_MAX = 24 * 60 * 60 * 1000;
const UNITS = { ms: 1, s: 1000, m: 60_000 } as const;

/** A positive whole number of the smallest unit. */
export function parseAmount(text: string): bigint {
  if (!/^[1-9][0-9]{0,19}$/.test(text) || BigInt(text) > UINT64_MAX) {
    throw new InvalidArgumentError('It is a whole number from 1 to 2^64 - 1, such as 5.');
  }
  return BigInt(text);
}

/** As parseAmount, or 0. */
export const parseFee = (text: string): bigint => (text === '0' ? 0n : parseAmount(text));

export function parseNatural(text: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(text)) throw new InvalidArgumentError('It is a whole number, such as 3.');
  return Number(text);
}

export function parseSwitch(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('It is on or off.');
  return text === 'on';
}

/** Milliseconds. */
export function parseDuration(text: string): number {
  const match = /^([0-9]{1,9})(ms|s|m)$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (!(ms > 0 && ms <= DURATION_MS_MAX)) throw new InvalidArgumentError('It looks like 500ms, 10s or 2m.');
  return ms;
}

export function parseId(text: string): Hash {
  if (!isHash(text)) throw new InvalidArgumentError('A transaction id is 64 hexadecimal digits.');
  return text;
}

export const parseIdOrLast = (text: string): Hash | 'last' => (text === 'last' ? text : parseId(text));

export const parseHeight = (text: string): number | 'latest' => (text === 'latest' ? text : parseNatural(text));

/** The name of a namespace. */
export function parseNamespace(text: string): string {
  if (!namespaceField.schema.safeParse(text).success)
    throw new InvalidArgumentError('It is up to 32 characters of a to z, 0 to 9 and -, and does not begin with -.');
  return text;
}

/** The name of a validator or an observer. */
export function parseName(text: string): string {
  if (!nameField.schema.safeParse(text).success)
    throw new InvalidArgumentError('It is up to 32 characters of a to z, 0 to 9 and -, and does not begin with -.');
  return text;
}

/** An ed25519 key as 32 bytes. */
export function parsePublicKey(text: string): Uint8Array {
  if (!publicKeyField.schema.safeParse(text).success)
    throw new InvalidArgumentError('It is a public key of 64 lower-case hexadecimal digits.');
  return fromHex(text);
}

export function parsePeerId(text: string): string {
  if (!isEd25519PeerId(text)) throw new InvalidArgumentError('It is the peer id of an ed25519 key, 12D3KooW….');
  return text;
}

/** A key, or a member of a set. */
export function parseKey(text: string): string {
  if (!keyField.schema.safeParse(text).success)
    throw new InvalidArgumentError('It is 1 to 128 visible ASCII characters, no space, and neither . nor ..');
  return text;
}

export function parseEntryVersion(text: string): EntryVersion {
  const version = versionField.fromJson(text, 'version', '');
  if (!version.ok) throw new InvalidArgumentError('It is a height and an index, such as 17:3.');
  return version.value;
}

/** What a counter changes by. */
export function parseDelta(text: string): bigint {
  if (!deltaField.schema.safeParse(text).success)
    throw new InvalidArgumentError('It is a whole number of up to 64 bits, such as 5 or -5.');
  return BigInt(text);
}

export function parseCount(text: string): number {
  const count = parseNatural(text);
  if (count === 0) throw new InvalidArgumentError('It is 1 at least.');
  return count;
}

/** A time as ISO 8601 has it. Without an offset it is a time of this machine's zone. */
export function parseTime(text: string): Date {
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!(time.getTime() >= 0)) throw new InvalidArgumentError('It looks like 2027-01-15T08:00:00Z.');
  return time;
}

/** Number of a liar and its strategy. */
export function parseLiar(text: string, earlier: readonly Liar[] = []): readonly Liar[] {
  const match = /^(0|[1-9][0-9]?)=([a-z][a-z-]*)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It is a validator and a strategy, such as 3=equivocate.');
  const liar = { index: Number(match[1]), strategy: match[2] as string };
  if (earlier.some(({ index }) => index === liar.index)) {
    throw new InvalidArgumentError(`Validator ${liar.index} has a strategy already.`);
  }
  return [...earlier, liar];
}

export interface Liar {
  readonly index: number;
  readonly strategy: string;
}
