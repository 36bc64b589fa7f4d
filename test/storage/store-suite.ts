/** What every Store promises. A new store passes this suite before the driver sees it. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Store, StoreOperation } from '../../src/driver/ports.ts';

export interface StoreFixture {
  readonly store: Store;
  close(): Promise<void>;
}

type Entry = readonly [string, Uint8Array];

export const put = (key: string, ...bytes: number[]): StoreOperation => ({
  kind: 'put',
  key,
  value: Uint8Array.from(bytes),
});
export const remove = (key: string): StoreOperation => ({ kind: 'delete', key });

export const write = (store: Store, batch: readonly StoreOperation[]): Promise<void> =>
  new Promise((resolve, reject) => store.write(batch, (error) => (error ? reject(error) : resolve())));

export const read = (store: Store, ...keys: string[]): Promise<readonly (Uint8Array | undefined)[]> =>
  new Promise((resolve, reject) => store.read(keys, (values, error) => (error ? reject(error) : resolve(values))));

export const scan = (store: Store, from: string, to: string, limit = 1_000): Promise<readonly Entry[]> =>
  new Promise((resolve, reject) =>
    store.scan({ from, to, limit }, (entries, error) => (error ? reject(error) : resolve(entries))),
  );

export function storeSuite(open: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  let store: Store;
  beforeEach(async () => {
    fixture = await open();
    store = fixture.store;
  });
  afterEach(() => fixture.close());

  writingSuite(() => store);
  scanningSuite(() => store);

  it('agrees with a sorted map on any sequence of batches', { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyOperation, { maxLength: 6 }), { maxLength: 8 }), async (batches) => {
        await clear(store);
        const model = new Map<string, Uint8Array>();
        const written = batches.map((batch) => write(store, batch));
        for (const operation of batches.flat()) {
          if (operation.kind === 'put') model.set(operation.key, operation.value);
          else model.delete(operation.key);
        }
        await Promise.all(written);
        const sorted = [...model].toSorted(([a], [b]) => (a < b ? -1 : 1));
        expect(await scan(store, '', '~')).toEqual(sorted);
        expect(await scan(store, 'b', 'd', 2)).toEqual(sorted.filter(([k]) => k >= 'b' && k < 'd').slice(0, 2));
      }),
      { numRuns: 60 },
    );
  });
}

function writingSuite(current: () => Store): void {
  it('reads what was written, in the order asked, and undefined for what is not there', async () => {
    await write(current(), [put('a', 1), put('b', 2, 3), put('empty')]);
    const expected = [Uint8Array.of(2, 3), undefined, Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(2, 3)];
    expect(await read(current(), 'b', 'c', 'empty', 'a', 'b')).toEqual(expected);
  });

  it('reads nothing when asked for nothing, and takes an empty batch', async () => {
    await write(current(), []);
    expect(await read(current())).toEqual([]);
  });

  it('applies the operations of a batch in order, so the last one to a key counts', async () => {
    await write(current(), [put('a', 1), put('a', 2), put('b', 1), remove('b'), remove('c'), put('c', 3)]);
    expect(await read(current(), 'a', 'b', 'c')).toEqual([Uint8Array.of(2), undefined, Uint8Array.of(3)]);
  });

  it('answers batches in the order of the calls, and never within the call', async () => {
    const answered: number[] = [];
    await new Promise<void>((resolve, reject) => {
      for (let i = 0; i < 50; i++) {
        current().write([put('counter', i), put(`key-${i % 7}`, i)], (error) => {
          if (error) reject(error);
          answered.push(i);
          if (i === 49) resolve();
        });
      }
      expect(answered).toEqual([]);
    });
    expect(answered).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(await read(current(), 'counter', 'key-0', 'key-6')).toEqual([
      Uint8Array.of(49),
      Uint8Array.of(49),
      Uint8Array.of(48),
    ]);
  });

  it('sees a batch from within its answer, with later batches on their way', async () => {
    const store = current();
    const seen = new Promise<readonly (Uint8Array | undefined)[]>((resolve, reject) => {
      store.write([put('first', 1)], () => store.read(['first'], (v, error) => (error ? reject(error) : resolve(v))));
    });
    const later = write(store, [put('second', 2)]);
    expect(await seen).toEqual([Uint8Array.of(1)]);
    await later;
  });

  it('shows the two keys of a batch together or not at all while batches are being written', async () => {
    const store = current();
    await write(store, [put('left', 0), put('right', 0)]);
    const writes: Promise<void>[] = [];
    for (let i = 1; i <= 40; i++) {
      writes.push(write(store, [put('left', i), put('right', i)]));
      const [left, right] = await read(store, 'left', 'right');
      expect(left).toEqual(right);
      const scanned = await scan(store, 'left', 'right~');
      expect(scanned[0]?.[1]).toEqual(scanned[1]?.[1]);
    }
    await Promise.all(writes);
    expect(await read(store, 'left')).toEqual([Uint8Array.of(40)]);
  });

  it('keeps its own copy of what it was given and hands out copies', async () => {
    const value = Uint8Array.of(1, 2, 3);
    await write(current(), [{ kind: 'put', key: 'a', value }]);
    value[0] = 9;
    const [first] = await read(current(), 'a');
    expect(first).toEqual(Uint8Array.of(1, 2, 3));
    first?.fill(7);
    expect(await read(current(), 'a')).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  it('keeps a large value and a value of every byte', async () => {
    const large = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) & 0xff);
    await write(current(), [{ kind: 'put', key: 'large', value: large }]);
    const [value] = await read(current(), 'large');
    expect(value !== undefined && Buffer.compare(value, large) === 0).toBe(true);
  });

  it('hands out plain byte arrays, not the runtime-specific kind', async () => {
    await write(current(), [put('a', 1)]);
    const [value] = await read(current(), 'a');
    const [entry] = await scan(current(), 'a', 'b');
    expect(value?.constructor).toBe(Uint8Array);
    expect(entry?.[1].constructor).toBe(Uint8Array);
  });
}

function scanningSuite(current: () => Store): void {
  const keys = ['block/00', 'block/01', 'block/10', 'block/2', 'blocks', 'tx/1'];
  const fill = (): Promise<void> =>
    write(
      current(),
      keys.toReversed().map((key, i) => put(key, i)),
    );

  it.each([
    ['from is within the range, to is not', 'block/00', 'block/10', 10, ['block/00', 'block/01']],
    ['bounds need not exist', 'block/', 'block0', 10, ['block/00', 'block/01', 'block/10', 'block/2']],
    ['the limit cuts at the far end', 'block/', 'block0', 2, ['block/00', 'block/01']],
    ['from equal to to is an empty range', 'block/01', 'block/01', 10, []],
    ['from above to is an empty range', 'tx/1', 'block/00', 10, []],
    ['past the last key there is nothing', 'tx/2', '~', 10, []],
    ['everything', '', '~', 10, keys],
  ])('scans in the order of the keys: %s', async (_, from, to, limit, expected) => {
    await fill();
    expect((await scan(current(), from, to, limit)).map(([key]) => key)).toEqual(expected);
  });

  it('scans more entries than fit into one page of the database', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => put(`n/${String(i).padStart(6, '0')}`, i & 0xff));
    await write(current(), many);
    const entries = await scan(current(), 'n/', 'n0', 2_400);
    expect(entries.length).toBe(2_400);
    expect(entries.at(-1)?.[0]).toBe('n/002399');
  });

  it('refuses a scan without a limit', () => {
    expect(() => current().scan({ from: '', to: '~', limit: 0 }, () => undefined)).toThrow('positive limit');
  });
}

const anyKey = fc.constantFrom('a', 'b', 'bb', 'c', 'c/1', 'd', 'z');
const anyOperation: fc.Arbitrary<StoreOperation> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: anyKey, value: fc.uint8Array({ maxLength: 8 }) }),
  fc.record({ kind: fc.constant('delete' as const), key: anyKey }),
);

async function clear(store: Store): Promise<void> {
  const entries = await scan(store, '', '~');
  await write(
    store,
    entries.map(([key]) => remove(key)),
  );
}
