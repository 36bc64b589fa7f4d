/**
 * How a node sees that its store lost something. Disks and databases do lose what they acknowledged: LevelDB skips a damaged
 * part of its log, says nothing, and goes on with what was written later. A validator that started from that would have
 * forgotten promises, and might contradict them. So every batch carries a seal: its number, which no later batch
 * overwrites for long, and a digest of all the promises that stand once it is written. What is missing from the middle
 * leaves a gap in the numbers; a promise that vanished in any other way, the digest tells.
 *
 * A store that lost its newest batches and nothing else looks as it did before they were written: no seal can tell.
 */
import { ByteVectorType, ContainerType } from '@chainsafe/ssz';
import { fail, ok, type Result } from '../../base/result.ts';
import { type Codec, codec, equalBytes } from '../../codec/codec.ts';
import { uint64 } from '../../codec/types.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { StoreOperation } from '../ports.ts';
import { isPromise, KEYS, SEAL_SLOTS } from './records.ts';

/** Keys and values as they are stored. */
type Entries = readonly (readonly [string, Uint8Array])[];

interface Seal {
  /** Number of the batch, from 1. */
  readonly batch: number;
  /** XOR of the digests of all promises: it changes with each that comes or goes, whatever the order. */
  readonly promises: Uint8Array;
}

const sealCodec: Codec<Seal> = codec(
  'Seal',
  new ContainerType({ batch: uint64(), promises: new ByteVectorType(32) }),
  40,
);

const text = new TextEncoder();

export class Seals {
  #batch = 0;
  /** Digests by key. */
  readonly #promises = new Map<string, Uint8Array>();
  readonly #digest = new Uint8Array(32);

  /** The next batch to be written, with its seal. */
  seal(batch: readonly StoreOperation[]): StoreOperation[] {
    for (const operation of batch) {
      if (!isPromise(operation.key)) continue;
      if (operation.kind === 'put') this.#keep(operation.key, operation.value);
      else this.#forget(operation.key);
    }
    this.#batch += 1;
    const value = sealCodec.encode({ batch: this.#batch, promises: this.#digest });
    return [...batch, { kind: 'put', key: KEYS.seal(this.#batch), value }];
  }

  /** Goes on from a store that holds these seals and promises. Error: STORE_CORRUPT, when something is missing. */
  static resume(seals: Entries, promises: Entries): Result<Seals> {
    const batches = new Set<number>();
    let newest: Seal = { batch: 0, promises: new Uint8Array(32) };
    for (const [key, value] of seals) {
      const seal = sealCodec.decode(value);
      if (!seal.ok) return fail('STORE_CORRUPT', `${key}: ${seal.error.message}`);
      if (KEYS.seal(seal.value.batch) !== key) return fail('STORE_CORRUPT', `${key}: another seal`);
      batches.add(seal.value.batch);
      if (seal.value.batch > newest.batch) newest = seal.value;
    }
    for (let batch = Math.max(1, newest.batch - SEAL_SLOTS + 1); batch < newest.batch; batch++) {
      if (batches.has(batch)) continue;
      return fail('STORE_CORRUPT', `batch ${batch} of ${newest.batch} is gone, though it was written to the disk`);
    }
    const resumed = new Seals();
    resumed.#batch = newest.batch;
    for (const [key, value] of promises) resumed.#keep(key, value);
    if (equalBytes(resumed.#digest, newest.promises)) return ok(resumed);
    return fail('STORE_CORRUPT', `the promises are not those that stood when batch ${newest.batch} was written`);
  }

  #keep(key: string, value: Uint8Array): void {
    this.#forget(key);
    const name = text.encode(`${key}\0`);
    const bytes = new Uint8Array(name.length + value.length);
    bytes.set(name);
    bytes.set(value, name.length);
    const digest = sha256(bytes);
    this.#promises.set(key, digest);
    this.#toggle(digest);
  }

  #forget(key: string): void {
    const digest = this.#promises.get(key);
    if (digest === undefined) return;
    this.#promises.delete(key);
    this.#toggle(digest);
  }

  #toggle(digest: Uint8Array): void {
    for (let at = 0; at < digest.length; at++) this.#digest[at] = (this.#digest[at] ?? 0) ^ (digest[at] ?? 0);
  }
}
