/**
 * What stood under a key after some block. The store has what stands there now, and for each block that changed it what stood there
 * before. So it is what the first block above the height replaced, or, where no block did, what stands there now.
 *
 * The newest value is read first. A block that changes it later leaves a record that the scan then finds.
 */
import type { Height } from '../../base/brand.ts';
import type { StoreRange } from '../../driver/ports.ts';
import { decodePast } from '../../driver/state/state-writes.ts';
import { KEYS, placeOfPast, RANGES } from '../../driver/stored/records.ts';
import type { EntryKind, StateKey } from '../../ledger/state/entry-kind.ts';
import { corrupt, type StoreReads } from './store-reads.ts';

/** What stood under a key until the block of this height. */
export interface PastValue {
  readonly text: string;
  readonly height: Height;
  /** Undefined: nothing. */
  readonly value: Uint8Array | undefined;
}

/** Rejects with StorageError. */
export async function valueAt(reads: StoreReads, key: StateKey, height: Height): Promise<Uint8Array | undefined> {
  const newest = await reads.get(KEYS.entry(key));
  const [replaced] = await pastValues(reads, key.kind, RANGES.pastAbove(key, height, 1));
  return replaced === undefined ? newest : replaced.value;
}

/** What a range of the store holds of them. Rejects with StorageError. */
export async function pastValues(
  reads: StoreReads,
  kind: EntryKind<never, unknown>,
  range: StoreRange,
): Promise<readonly PastValue[]> {
  const found = await reads.scan(range);
  return found.map(([key, bytes]) => {
    const past = decodePast(bytes);
    if (!past.ok) throw corrupt(`${key}: ${past.error.message}`);
    return { ...placeOfPast(kind, key), value: past.value };
  });
}
