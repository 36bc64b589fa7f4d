/** What the seals of batches tell about a store that lost some of them. */
import { describe, expect, test } from 'vitest';
import type { StoreOperation } from '../../src/driver/ports.ts';
import { isPromise, SEAL_SLOTS } from '../../src/driver/stored/records.ts';
import { resume, Seals } from '../../src/driver/durability/seals.ts';

const put = (key: string, ...bytes: number[]): StoreOperation => ({ kind: 'put', key, value: Uint8Array.from(bytes) });
const remove = (key: string): StoreOperation => ({ kind: 'delete', key });

/** What a store holds after these batches. */
function stored(batches: readonly (readonly StoreOperation[])[]): Map<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (const operation of batches.flat()) {
    if (operation.kind === 'put') entries.set(operation.key, operation.value);
    else entries.delete(operation.key);
  }
  return entries;
}

function resumed(entries: ReadonlyMap<string, Uint8Array>) {
  const of = (wanted: (key: string) => boolean) => [...entries].filter(([key]) => wanted(key));
  return resume(
    of((key) => key.startsWith('seal/')),
    of(isPromise),
  );
}

const BATCHES = [
  [put('meta/chain-id', 1)],
  [put('promise/1/a', 1), put('body/1', 1)],
  [put('body/2', 2)],
  [put('promise/1/a', 2), put('promise/1/b', 1)],
  [remove('promise/1/a'), put('block/1', 1)],
  [put('promise/2/c', 1), remove('promise/1/b'), put('promise/1/b', 3)],
];

/** The batches as a driver seals them. */
function sealed(batches: readonly (readonly StoreOperation[])[] = BATCHES): StoreOperation[][] {
  const seals = new Seals();
  return batches.map((batch) => seals.seal(batch));
}

describe('a store', () => {
  test('that holds a prefix of the batches is whole, and goes on to be', () => {
    const batches = sealed();
    for (let count = 0; count <= batches.length; count++) {
      const prefix = batches.slice(0, count);
      const sealed = resumed(stored(prefix));
      if (!sealed.ok) throw new Error(sealed.error.message);
      const seals = new Seals(sealed.value);
      const again = BATCHES.slice(count).map((batch) => seals.seal(batch));
      expect(stored([...prefix, ...again])).toEqual(stored(batches));
    }
  });

  const runs = BATCHES.flatMap((_, from) => BATCHES.map((__, to) => [from, to] as const)).filter(
    ([from, to]) => from <= to && to < BATCHES.length - 1,
  );
  test.each(runs)('without batches %i to %i, but with later ones, is corrupt', (from, to) => {
    const rest = sealed().filter((_, position) => position < from || position > to);
    expect(resumed(stored(rest))).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });

  test('in which a promise is gone, changed or back again is corrupt', () => {
    const entries = stored(sealed());
    const without = new Map(entries);
    without.delete('promise/2/c');
    const corrupt = { ok: false, error: { code: 'STORE_CORRUPT' } };
    expect(resumed(without)).toMatchObject(corrupt);
    expect(resumed(new Map(entries).set('promise/2/c', Uint8Array.of(2)))).toMatchObject(corrupt);
    expect(resumed(new Map(entries).set('promise/1/a', Uint8Array.of(2)))).toMatchObject(corrupt);
  });

  test('in which a seal is torn, flipped or in the place of another is corrupt', () => {
    const entries = stored(sealed());
    const newest = entries.get('seal/00006') ?? new Uint8Array();
    const corrupt = { ok: false, error: { code: 'STORE_CORRUPT' } };
    expect(resumed(new Map(entries).set('seal/00006', newest.slice(1)))).toMatchObject(corrupt);
    for (let at = 0; at < newest.length; at++)
      expect(resumed(new Map(entries).set('seal/00006', newest.with(at, (newest[at] ?? 0) ^ 64)))).toMatchObject(
        corrupt,
      );
    expect(resumed(new Map(entries).set('seal/00007', newest))).toMatchObject(corrupt);
  });

  test('keeps the seals of its newest batches only, and misses every one of them', () => {
    const count = SEAL_SLOTS + 3;
    const batches = sealed(Array.from({ length: count }, () => []));
    const entries = stored(batches);
    expect(entries.size).toBe(SEAL_SLOTS);
    expect(resumed(entries).ok).toBe(true);
    for (const lost of [4, 5, count - SEAL_SLOTS / 2, count - 1]) {
      const rest = stored(batches.filter((_, position) => position !== lost - 1));
      expect(resumed(rest)).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
    }
  });
});
