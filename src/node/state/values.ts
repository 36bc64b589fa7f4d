/** Values that stand apart from their entries. What the disk has is held against the hash that the entry has of it. */
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { KEYS } from '../../driver/stored/records.ts';
import type { StateKey } from '../../ledger/state/entry-kind.ts';
import { isNamedBy } from '../../ledger/state/value-reference.ts';
import { corrupt, type StoreReads } from './store-reads.ts';

/** What stood under a key after some block; undefined where nothing did. */
interface Stood<V> {
  readonly key: StateKey<V>;
  readonly value: V | undefined;
}

/** Not there any more: pruned meanwhile, or the store is damaged. */
export type MissingValue = Coded<'VALUE_MISSING'>;

/** Of each, in their order, what stands apart from it; undefined where nothing does. All are read at once, so whoever asks bounds what their
 *  references say of their lengths. Error: VALUE_MISSING. Rejects with StorageError. */
export async function readValues<V>(
  reads: StoreReads,
  stood: readonly Stood<V>[],
): Promise<Result<readonly (Uint8Array | undefined)[], MissingValue>> {
  const named = stood.map(({ key, value }) => {
    const reference = key.kind.referenceIn(value);
    return reference && { reference, stored: KEYS.value({ key, version: reference.version }) };
  });
  // What differs in its lease alone has the same value.
  const wanted = new Map(named.flatMap((one) => (one === undefined ? [] : [[one.stored, one.reference]])));
  const found = new Map<string, Uint8Array>();
  for (const [stored, bytes] of await reads.getAll([...wanted.keys()])) {
    const reference = wanted.get(stored);
    if (bytes === undefined || reference === undefined) return fail('VALUE_MISSING', `${stored} is gone`);
    if (!reads.measured(() => isNamedBy(bytes, reference))) throw corrupt(`${stored} is not what its entry names`);
    found.set(stored, bytes);
  }
  return ok(named.map((one) => one && found.get(one.stored)));
}
