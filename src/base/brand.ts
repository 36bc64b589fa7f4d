/**
 * Values that must not be confused with one another. Each brand has one constructor, the place where a plain value is
 * checked; everywhere else the compiler carries the proof.
 */
import { invariant } from './invariant.ts';

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Height of a block; genesis is 0, the first block is 1. A safe integer. */
export type Height = Brand<number, 'Height'>;
/** Number of a fixed validator set, from 0. One epoch is one PBFT instance. */
export type Epoch = Brand<number, 'Epoch'>;
/** View within an epoch, from 0. */
export type View = Brand<number, 'View'>;
/** Position of a validator in its epoch's set, from 0. */
export type ValidatorIndex = Brand<number, 'ValidatorIndex'>;
/** Voting power of a validator; positive. */
export type Power = Brand<bigint, 'Power'>;
/** SHA-256 value, 64 lower-case hexadecimal digits. */
export type Hash = Brand<string, 'Hash'>;
/** An account: its ed25519 public key, 64 lower-case hexadecimal digits. People see it as bech32m. */
export type Address = Brand<string, 'Address'>;

const HEX_32 = /^[0-9a-f]{64}$/;

function natural(value: number, what: string): number {
  invariant(Number.isSafeInteger(value) && value >= 0, `${what} is a natural number`, { value });
  return value;
}

export const height = (value: number): Height => natural(value, 'height') as Height;
export const epoch = (value: number): Epoch => natural(value, 'epoch') as Epoch;
export const view = (value: number): View => natural(value, 'view') as View;
export const validatorIndex = (value: number): ValidatorIndex => natural(value, 'validator index') as ValidatorIndex;

export function power(value: bigint): Power {
  invariant(value > 0n, 'a power is positive', { value });
  return value as Power;
}

export const isHash = (value: string): value is Hash => HEX_32.test(value);
export const isAddress = (value: string): value is Address => HEX_32.test(value);

export function hash(value: string): Hash {
  invariant(isHash(value), 'a hash is 64 lower-case hexadecimal digits', { value });
  return value;
}

export function address(value: string): Address {
  invariant(isAddress(value), 'an address is 64 lower-case hexadecimal digits', { value });
  return value;
}

export const ZERO_HASH: Hash = hash('0'.repeat(64));
