/** What stood under one key, version by version, as far back as it is kept. */
import type { Height } from '../../base/brand.ts';
import { ok, type Result } from '../../base/result.ts';
import { KEYS, RANGES } from '../../driver/stored/records.ts';
import type { StateKey } from '../../ledger/state/entry-kind.ts';
import type { EntryVersion, HistoryPage } from '../../rpc/readable-state.ts';
import { PAGE_BYTES_MAX, RECORDS_AT_ONCE } from '../limits.ts';
import { pastValues } from './past-values.ts';
import type { StoreReads } from './store-reads.ts';
import { type MissingValue, readValues } from './values.ts';

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

/** Error: VALUE_MISSING. Rejects with StorageError. */
export async function listVersions<V>(
  reads: StoreReads,
  key: StateKey<V>,
  range: HistoryRange,
): Promise<Result<HistoryPage<V>, MissingValue>> {
  const { versions, next } = await listWithoutValues(reads, key, range);
  const values = await readValues(
    reads,
    versions.map(({ value }) => ({ key, value })),
  );
  if (!values.ok) return values;
  return ok({
    height: range.to,
    versions: versions.map((version, i) => ({ ...version, apart: values.value[i] })),
    next,
  });
}

interface Listed<V> {
  readonly versions: readonly Omit<EntryVersion<V>, 'apart'>[];
  readonly next: HistoryPage<V>['next'];
}

async function listWithoutValues<V>(
  reads: StoreReads,
  key: StateKey<V>,
  { from, isChange, to, limit }: HistoryRange,
): Promise<Listed<V>> {
  const stored = KEYS.entry(key);
  const newest = await reads.get(stored);
  const versions: Listed<V>['versions'][number][] = [];
  let bytes = 0;
  const add = (height: Height, encoded: Uint8Array | undefined): void => {
    const isFirst = height === from && !isChange;
    // Before anything stood there, there is nothing to tell.
    if (isFirst && encoded === undefined) return;
    const value = encoded && reads.decode(key.kind.codec, stored, encoded);
    bytes += (encoded?.length ?? 0) + (key.kind.referenceIn(value)?.length ?? 0);
    versions.push({ height, value, isChange: !isFirst || height === 0 });
  };
  for (let begins = from; ; ) {
    // One more than may be told, since the first may have nothing to tell: none is read in vain.
    const count = Math.min(RECORDS_AT_ONCE, limit - versions.length + 1);
    const found = await pastValues(reads, key.kind, RANGES.pastAbove(key, begins, count));
    for (const { height, value } of found) {
      add(begins, value);
      begins = height;
      if (begins > to) return { versions, next: undefined };
      if (versions.length >= limit || bytes >= PAGE_BYTES_MAX) return { versions, next: { height: to, from: begins } };
    }
    if (found.length === count) continue;
    add(begins, newest);
    return { versions, next: undefined };
  }
}
