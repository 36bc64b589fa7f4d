/**
 * The header of a block: the 80 bytes that are hashed to find it, laid out as Bitcoin's. Integers are little-endian. The id of a
 * block is the double SHA-256 of its header, and is shown as Bitcoin shows it: last byte first, so that a hash which is small
 * as a number begins with zeros.
 */
import type { Hash } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { fromHex, toHash } from '../codec/hex.ts';
import { sha256 } from '../crypto/sha256.ts';

export const HEADER_BYTES = 80;
/** Where the nonce stands; the last four bytes. */
export const NONCE_OFFSET = 76;
export const NONCE_MAX = 0xffffffff;
/** The version of blocks that are made here. */
export const VERSION = 1;

export interface PowHeader {
  /** 32 bits, without a sign. */
  readonly version: number;
  /** Id of the block before, as ids are shown; of the first block 64 zeros. */
  readonly parent: Hash;
  /** What binds the block's content, see block.ts; bytes in their order. */
  readonly root: Hash;
  /** Seconds since 1970, by the miner's clock: 32 bits. */
  readonly time: number;
  /** The target, see target.ts. */
  readonly bits: number;
  /** Counted up until the hash is small enough: 32 bits. */
  readonly nonce: number;
}

/** 80 bytes. */
export function encodeHeader({ version, parent, root, time, bits, nonce }: PowHeader): Uint8Array {
  for (const field of [version, time, bits, nonce])
    invariant(Number.isInteger(field) && field >= 0 && field <= 0xffffffff, 'fields have 32 bits', { field });
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version, true);
  bytes.set(fromHex(parent).reverse(), 4);
  bytes.set(fromHex(root), 36);
  view.setUint32(68, time, true);
  view.setUint32(72, bits, true);
  view.setUint32(NONCE_OFFSET, nonce, true);
  return bytes;
}

/** The header in 80 bytes: all of them say something, so every 80 bytes are one. */
export function decodeHeader(bytes: Uint8Array): PowHeader {
  invariant(bytes.length === HEADER_BYTES, 'a header is 80 bytes', { length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version: view.getUint32(0, true),
    parent: shown(bytes.subarray(4, 36)),
    root: toHash(bytes.subarray(36, 68)),
    time: view.getUint32(68, true),
    bits: view.getUint32(72, true),
    nonce: view.getUint32(NONCE_OFFSET, true),
  };
}

/** Hashed twice, as Bitcoin does, 32 bytes in their order. */
export const headerDigest = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));

/** The id of the block with this header. */
export const headerId = (header: PowHeader): Hash => shown(headerDigest(encodeHeader(header)));

/** The number that is compared with the target. */
export const numberOf = (id: Hash): bigint => BigInt(`0x${id}`);

const shown = (bytes: Uint8Array): Hash => toHash(bytes.toReversed());
