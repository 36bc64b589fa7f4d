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
import { ok } from '../../base/result.ts';
import { type Codec, codec, equalBytes } from '../../codec/codec.ts';
import { uint64 } from '../../codec/types.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { StoreOperation } from '../ports.ts';
import { corrupt, type Entries, parse, type Sound } from '../stored/reading.ts';
import { isPromise, KEYS, SEAL_SLOTS } from '../stored/records.ts';

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

/** What a store has sealed so far. */
export interface Sealed {
  /** Batches. */
  readonly batch: number;
  /** Digests of the promises that stand, by key. */
  readonly promises: ReadonlyMap<string, Uint8Array>;
}

const NOTHING: Sealed = { batch: 0, promises: new Map() };

/** Numbers and seals the batches of a store, from what it has sealed. */
export class Seals {
  #batch: number;
  /** Digests by key. */
  readonly #promises: Map<string, Uint8Array>;
  readonly #digest: Uint8Array;

  constructor({ batch, promises }: Sealed = NOTHING) {
    this.#batch = batch;
    this.#promises = new Map(promises);
    this.#digest = digestOfAll(promises);
  }

  get sealed(): Sealed {
    return { batch: this.#batch, promises: new Map(this.#promises) };
  }

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

  #keep(key: string, value: Uint8Array): void {
    this.#forget(key);
    const digest = digestOf(key, value);
    this.#promises.set(key, digest);
    toggle(this.#digest, digest);
  }

  #forget(key: string): void {
    const digest = this.#promises.get(key);
    if (digest === undefined) return;
    this.#promises.delete(key);
    toggle(this.#digest, digest);
  }
}

/** What a store that holds these seals and promises has sealed. Error: STORE_CORRUPT, when something is missing. */
export function resume(seals: Entries, stored: Entries): Sound<Sealed> {
  const batches = new Set<number>();
  let newest: Seal = { batch: 0, promises: new Uint8Array(32) };
  for (const [key, value] of seals) {
    const parsed = parse(sealCodec, key, value);
    if (!parsed.ok) return parsed;
    const seal = parsed.value;
    if (KEYS.seal(seal.batch) !== key) return corrupt(`${key}: another seal`);
    batches.add(seal.batch);
    if (seal.batch > newest.batch) newest = seal;
  }
  for (let batch = Math.max(1, newest.batch - SEAL_SLOTS + 1); batch < newest.batch; batch++) {
    if (batches.has(batch)) continue;
    return corrupt(`batch ${batch} of ${newest.batch} is gone, though it was written to the disk`);
  }
  const promises = new Map(stored.map(([key, value]) => [key, digestOf(key, value)]));
  if (equalBytes(digestOfAll(promises), newest.promises)) return ok({ batch: newest.batch, promises });
  return corrupt(`the promises are not those that stood when batch ${newest.batch} was written`);
}

function digestOf(key: string, value: Uint8Array): Uint8Array {
  const name = text.encode(`${key}\0`);
  const bytes = new Uint8Array(name.length + value.length);
  bytes.set(name);
  bytes.set(value, name.length);
  return sha256(bytes);
}

function digestOfAll(promises: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const all = new Uint8Array(32);
  for (const digest of promises.values()) toggle(all, digest);
  return all;
}

/** Adds a digest to the sum, or takes it out again. */
function toggle(sum: Uint8Array, digest: Uint8Array): void {
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) ^ (digest[at] ?? 0);
}
