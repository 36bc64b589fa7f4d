/**
 * The one way from foreign bytes to values. Decoding is strict: the bytes must be within the limit, well formed, and
 * exactly those that encoding the value gives. SSZ decoders of the library accept some non-canonical forms (trailing
 * bytes, integers beyond 2^53), and two encodings of one value would be two hashes of one thing.
 */
import type { Type } from '@chainsafe/ssz';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { work } from '../base/work.ts';

export type DecodeError = Coded<'TOO_LARGE' | 'MALFORMED' | 'NON_CANONICAL'>;

/** Strict binary codec of one type. */
export interface Codec<T> {
  readonly name: string;
  /** Longest accepted encoding, in bytes. */
  readonly bytesMax: number;
  encode(value: T): Uint8Array;
  /** Errors: TOO_LARGE, MALFORMED, NON_CANONICAL. */
  decode(bytes: Uint8Array): Result<T, DecodeError>;
}

/** Strict codec over an SSZ type. `bytesMax` bounds what is even looked at. */
export function codec<T>(name: string, type: Type<T>, bytesMax: number): Codec<T> {
  return {
    name,
    bytesMax,
    encode(value) {
      const bytes = encoded(type, value);
      work('encode', name, bytes.length);
      return bytes;
    },
    decode(bytes) {
      if (bytes.length > bytesMax) return fail('TOO_LARGE', `${name}: ${bytes.length} bytes, at most ${bytesMax}`);
      work('decode', name, bytes.length);
      let value: T;
      try {
        value = type.deserialize(bytes);
      } catch (error) {
        return fail('MALFORMED', `${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (!isEncoding(type, value, bytes)) return fail('NON_CANONICAL', `${name}: bytes are not canonical`);
      return ok(value);
    },
  };
}

/** Where values up to this size are encoded, to be compared or copied: a buffer with a view of it for each would be memory
 *  outside the heap, and making these takes longer than filling them. */
const SCRATCH_BYTES = 64 * 1024;
const scratch = new Uint8Array(SCRATCH_BYTES);
const scratchViews = { uint8Array: scratch, dataView: new DataView(scratch.buffer) };

function encoded<T>(type: Type<T>, value: T): Uint8Array {
  const size = type.value_serializedSize(value);
  if (size > SCRATCH_BYTES) return type.serialize(value);
  scratch.fill(0, 0, size);
  type.value_serializeToBytes(scratchViews, 0, value);
  return scratch.slice(0, size);
}

/** Whether the bytes are exactly what encoding the value gives. */
function isEncoding<T>(type: Type<T>, value: T, bytes: Uint8Array): boolean {
  const size = type.value_serializedSize(value);
  if (size !== bytes.length) return false;
  if (size > SCRATCH_BYTES) return equalBytes(type.serialize(value), bytes);
  scratch.fill(0, 0, size);
  type.value_serializeToBytes(scratchViews, 0, value);
  for (let i = 0; i < size; i++) if (scratch[i] !== bytes[i]) return false;
  return true;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
