/**
 * What operations and their events are made of. A field is told once, as bytes and as JSON; the encoding, the schema of the HTTP
 * interface with its OpenAPI document, and the way between JSON and values follow from it.
 */
import type { Type } from '@chainsafe/ssz';
import { z } from 'zod';
import type { Address } from '../../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { hex32, uint64Big } from '../../codec/types.ts';
import { ADDRESS_TEXT_MAX, formatAddress, parseAddress } from '../../crypto/address.ts';

export type FieldError = Coded<'BAD_ADDRESS' | 'MALFORMED'>;

/** One field: `V` as a value, `J` as JSON. */
export interface Field<V, J> {
  /** Its SSZ type. */
  readonly type: Type<V>;
  /** What its JSON has to look like before `fromJson` is asked. */
  readonly schema: z.ZodType<J>;
  /** `addressPrefix`: of the network's addresses. */
  toJson(value: V, addressPrefix: string): J;
  /** The value of JSON that satisfies the schema. `path` is the place that an error names. Errors: BAD_ADDRESS, MALFORMED. */
  fromJson(json: J, path: string, addressPrefix: string): Result<V, FieldError>;
  /** The accounts that a value names; a field without this names none. */
  accountsIn?(value: V): readonly Address[];
}

/** An account, in JSON as bech32m with the network's prefix. That the checksum is right is checked by `fromJson`. */
export const addressField: Field<Address, string> = {
  type: hex32<Address>(),
  schema: z
    .string()
    .max(ADDRESS_TEXT_MAX)
    .regex(/^[a-z0-9]+1[a-z0-9]+$/),
  toJson: formatAddress,
  fromJson(text, path, addressPrefix) {
    const address = parseAddress(text, addressPrefix);
    return address.ok ? address : fail('BAD_ADDRESS', `${path}: ${address.error.message}`);
  },
  accountsIn: (account) => [account],
};

const UINT64_MAX = 2n ** 64n - 1n;

/** A uint64 in the smallest unit, in JSON as decimal text. */
export const amountField: Field<bigint, string> = {
  type: uint64Big(),
  schema: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,19})$/)
    .refine((text) => !/^(0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) <= UINT64_MAX, 'beyond 2^64 - 1'),
  toJson: String,
  fromJson: (text) => ok(BigInt(text)),
};

/** Fields by name, in the order in which they are encoded and shown. */
export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;
export type Values<F extends Fields> = { readonly [N in keyof F]: F[N] extends Field<infer V, infer _J> ? V : never };
export type JsonValues<F extends Fields> = { [N in keyof F]: F[N] extends Field<infer _V, infer J> ? J : never };
