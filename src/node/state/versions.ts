/** What stood under one key, version by version, as far back as it is kept. */
import type { Height } from '../../base/brand.ts';
import { KEYS, RANGES } from '../../driver/stored/records.ts';
import type { StateKey } from '../../ledger/state/entry-kind.ts';
import type { EntryVersion, HistoryPage } from '../../rpc/readable-state.ts';
import { PAGE_BYTES_MAX, RECORDS_AT_ONCE } from '../limits.ts';
import { pastValues } from './past-values.ts';
import type { StoreReads } from './store-reads.ts';

export interface HistoryRange {
  /** With what stands there after this block the page begins. */
  readonly from: Height;
  /** Whether that block is known to have changed it. */
  readonly isChange: boolean;
  /** No version begins above it. */
  readonly to: Height;
  /** Versions at most. */
  readonly limit: number;
}

/** Rejects with StorageError. */
export async function listVersions<V>(
  reads: StoreReads,
  key: StateKey<V>,
  { from, isChange, to, limit }: HistoryRange,
): Promise<HistoryPage<V>> {
  const stored = KEYS.entry(key);
  const decode = (value: Uint8Array | undefined): V | undefined => value && reads.decode(key.kind.codec, stored, value);
  const newest = await reads.get(stored);
  const versions: EntryVersion<V>[] = [];
  let bytes = 0;
  const add = (height: Height, value: Uint8Array | undefined): void => {
    bytes += value?.length ?? 0;
    const isFirst = height === from && !isChange;
    // Before anything stood there, there is nothing to tell.
    if (isFirst && value === undefined) return;
    versions.push({ height, value: decode(value), isChange: !isFirst || height === 0 });
  };
  for (let begins = from; ; ) {
    // One more than may be told, since the first may have nothing to tell: a value may be long, and none is read in vain.
    const count = Math.min(RECORDS_AT_ONCE, limit - versions.length + 1);
    const found = await pastValues(reads, key.kind, RANGES.pastAbove(key, begins, count));
    for (const { height, value } of found) {
      add(begins, value);
      begins = height;
      if (begins > to) return { height: to, versions, next: undefined };
      if (versions.length >= limit || bytes >= PAGE_BYTES_MAX)
        return { height: to, versions, next: { height: to, from: begins } };
    }
    if (found.length === count) continue;
    add(begins, newest);
    return { height: to, versions, next: undefined };
  }
}
