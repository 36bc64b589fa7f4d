/** The scalar forms of the interface: what JSON cannot say exactly is text. */
import { z } from 'zod';
import type { Hash } from '../base/brand.ts';
import { MEMO_BYTES_MAX } from '../ledger/limits.ts';
import { addressField, amountField } from '../ledger/operations/fields.ts';

const branded = <T>(schema: z.ZodType<string>): z.ZodType<T, string> => schema as unknown as z.ZodType<T, string>;

/** SHA-256, 64 lower-case hexadecimal digits. */
export const hashText: z.ZodType<Hash, string> = branded<Hash>(z.string().regex(/^[0-9a-f]{64}$/));

/** uint64 as decimal text: amounts, fees and powers, in the smallest unit. */
export const amountText = amountField.schema;

/** bech32m with the network's prefix. That the checksum is right is checked where it is decoded. */
export const addressText = addressField.schema;

/** ed25519 signature, 128 lower-case hexadecimal digits. */
export const signatureText = z.string().regex(/^[0-9a-f]{128}$/);

/** A memo is text where its bytes are UTF-8, and otherwise hexadecimal. */
export const memo = z.union([
  z.string().max(MEMO_BYTES_MAX),
  z.object({
    hex: z
      .string()
      .max(2 * MEMO_BYTES_MAX)
      .regex(/^([0-9a-f]{2})*$/),
  }),
]);

export const natural = z.int().nonnegative();
export const validatorNumber = z.int().min(0).max(0xffff);
