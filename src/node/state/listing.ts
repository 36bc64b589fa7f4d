/**
 * The entries of a range as they stood after some block. Entries as they are now, and what stood there before, lie in the store in
 * the same order of keys; they are read side by side, a piece at a time, entries first (see past-values.ts).
 *
 * Values that stand apart are read last, those of the page alone.
 *
 * A key may have thousands of past values, and a range thousands of keys under which nothing stands any more. So past values that do not
 * matter are passed over, and a page looks at so much at most: then it is short, and says where to go on.
 */
import type { Height } from '../../base/brand.ts';
import { ok, type Result } from '../../base/result.ts';
import { RANGES, endOfPrefix, textAfter, textOfEntry } from '../../driver/stored/records.ts';
import type { EntryKind, StateKey } from '../../ledger/state/entry-kind.ts';
import type { EntryPage, EntryRange } from '../../rpc/readable-state.ts';
import { PAGE_BYTES_MAX, PAGE_RECORDS_MAX, RECORDS_AT_ONCE } from '../limits.ts';
import { pastValues } from './past-values.ts';
import type { StoreReads } from './store-reads.ts';
import { type MissingValue, readValues } from './values.ts';

/** A piece of the range: which bytes stand under each of its keys, in order, and where it ends. */
interface Piece {
  readonly entries: readonly (readonly [text: string, value: Uint8Array])[];
  /** What is before it is dealt with. */
  readonly end: string;
  /** Records that were looked at. */
  readonly records: number;
}

interface Listed<V> {
  readonly entries: readonly { readonly key: StateKey<V>; readonly value: V }[];
  readonly next: EntryPage<V>['next'];
}

/** `from`: the text with which the page begins. Error: VALUE_MISSING. Rejects with StorageError. */
export async function listEntries<V>(
  reads: StoreReads,
  range: EntryRange<V>,
  height: Height,
  from: string,
): Promise<Result<EntryPage<V>, MissingValue>> {
  const { entries, next } = await listWithoutValues(reads, range, height, from);
  const values = await readValues(reads, entries);
  if (!values.ok) return values;
  const listed = entries.map(({ key: { text }, value }, i) => ({ text, value, apart: values.value[i] }));
  return ok({ height, entries: listed, next });
}

async function listWithoutValues<V>(
  reads: StoreReads,
  { kind, prefix, limit }: EntryRange<V>,
  height: Height,
  from: string,
): Promise<Listed<V>> {
  const end = endOfPrefix(prefix);
  const entries: { readonly key: StateKey<V>; readonly value: V }[] = [];
  let at = from < prefix ? prefix : from;
  let records = 0;
  let bytes = 0;
  while (at < end && records < PAGE_RECORDS_MAX) {
    const piece = await readPiece(reads, kind, height, at, end);
    records += piece.records;
    for (const [text, stored] of piece.entries) {
      if (entries.length >= limit || bytes >= PAGE_BYTES_MAX) return { entries, next: { height, from: text } };
      const value = reads.decode(kind.codec, text, stored);
      entries.push({ key: { kind, text }, value });
      bytes += text.length + stored.length + (kind.referenceIn(value)?.length ?? 0);
    }
    at = piece.end;
  }
  return { entries, next: at < end ? { height, from: at } : undefined };
}

async function readPiece(
  reads: StoreReads,
  kind: EntryKind<never, unknown>,
  height: Height,
  from: string,
  end: string,
): Promise<Piece> {
  const found = await reads.scan(RANGES.entries(kind, from, end, RECORDS_AT_ONCE));
  const newest = new Map(found.map(([key, value]) => [textOfEntry(kind, key), value]));
  const last = [...newest.keys()].at(-1);
  const isWhole = found.length < RECORDS_AT_ONCE || last === undefined;
  const replaced = await readReplaced(reads, kind, height, from, isWhole ? end : textAfter(last));
  const entries = [...new Set([...newest.keys(), ...replaced.values.keys()])]
    .filter((text) => text < replaced.end)
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((text) => {
      const value = replaced.values.has(text) ? replaced.values.get(text) : newest.get(text);
      return value === undefined ? [] : [[text, value] as const];
    });
  return { entries, end: replaced.end, records: found.length + replaced.records };
}

/** Of each key in the range that a block above the height changed, what the first of them replaced. */
async function readReplaced(
  reads: StoreReads,
  kind: EntryKind<never, unknown>,
  height: Height,
  from: string,
  end: string,
): Promise<{
  readonly values: ReadonlyMap<string, Uint8Array | undefined>;
  readonly end: string;
  readonly records: number;
}> {
  const values = new Map<string, Uint8Array | undefined>();
  let at = from;
  let above: Height | null = null;
  let records = 0;
  while (records < PAGE_RECORDS_MAX) {
    const found = await pastValues(reads, kind, RANGES.pasts(kind, at, above, end, RECORDS_AT_ONCE));
    records += found.length;
    for (const past of found) if (past.height > height && !values.has(past.text)) values.set(past.text, past.value);
    const last = found.at(-1)?.text;
    if (found.length < RECORDS_AT_ONCE || last === undefined) return { values, end, records };
    // The next key; or, where only older changes of this one were seen, the first that matters.
    const isKnown = values.has(last);
    at = isKnown ? textAfter(last) : last;
    above = isKnown ? null : height;
  }
  return { values, end: at, records };
}
