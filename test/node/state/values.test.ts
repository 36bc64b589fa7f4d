/** Values of entries against a map of every height, over the store as the driver writes and prunes it. */
import { describe, expect, it } from 'vitest';
import type { Address, Height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import type { Store } from '../../../src/driver/ports.ts';
import { isValue, KEYS } from '../../../src/driver/stored/records.ts';
import { ENTRIES } from '../../../src/ledger/data/entry.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { PAGE_BYTES_MAX } from '../../../src/node/limits.ts';
import type { StateReader } from '../../../src/node/state/state-reader.ts';
import type { HistoryCursor, ListCursor, ReadableState } from '../../../src/rpc/readable-state.ts';
import { complaintsAboutState, type Records } from '../../../src/simulator/checkers/state-on-disk.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { type Deed, genesisKeeping, LongChain } from './long-chain.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);
const ANY = { kind: 'any' } as const;
const keyOf = (key: string) => ENTRIES.key({ namespace: 'docs', key });

type Kind = 'put' | 'delete' | 'lease' | 'release';

/** A chain with a namespace, and by height what stood under each key and who wrote that. */
class Docs {
  readonly model: ReadonlyMap<string, { readonly value: string; readonly leased: boolean }>[];
  readonly chain: LongChain;
  readonly store: CountedStore;
  readonly owner: Address;

  private constructor(chain: LongChain, store: CountedStore) {
    this.chain = chain;
    this.store = store;
    this.owner = present([...chain.genesis.accounts][0], 'account').address;
    this.model = [new Map(), new Map()];
  }

  static async open(historyHeights: number): Promise<Docs> {
    const store = new CountedStore();
    const docs = new Docs(await LongChain.open(store, genesisKeeping(historyHeights)), store);
    await docs.chain.append([docs.does({ kind: 'create-namespace', name: 'docs', writers: [] })]);
    return docs;
  }

  does(...operations: readonly Operation[]): Deed {
    return { from: this.owner, operations };
  }

  /** A block of these, each in a transaction of its own. */
  async block(...changes: readonly (readonly [kind: Kind, key: string, value?: string])[]): Promise<void> {
    const now = new Map(this.model.at(-1));
    const named = (key: string) => ({ namespace: 'docs', key, condition: ANY });
    const until = (this.chain.final + 50) as Height;
    const deeds = changes.map(([kind, key, value = '']) => {
      const before = now.get(key);
      if (kind === 'delete') now.delete(key);
      else if (kind === 'put') now.set(key, { value, leased: before?.leased ?? false });
      else now.set(key, { value: before?.value ?? '', leased: kind === 'lease' });
      if (kind === 'put') return this.does({ kind, ...named(key), value: new TextEncoder().encode(value) });
      return this.does(kind === 'lease' ? { kind, ...named(key), until } : { kind, ...named(key) });
    });
    this.model.push(now);
    await this.chain.append(deeds);
  }

  async someBlock(random: Random, keys: readonly string[]): Promise<void> {
    const changes: [Kind, string, string?][] = [];
    const now = new Map(this.model.at(-1));
    for (let i = random.int(0, 4); i > 0; i--) {
      const key = random.pick(keys);
      const before = now.get(key);
      const kinds: Kind[] = ['put', 'put', 'lease'];
      if (before !== undefined) kinds.push('delete');
      if (before?.leased === true) kinds.push('release', 'release');
      const kind = random.pick(kinds);
      // Now and then what stood there once.
      changes.push([kind, key, random.pick(['', 'again', `${key} at ${this.model.length}.${i}`])]);
      if (kind === 'delete') now.delete(key);
      else now.set(key, { value: '', leased: kind === 'lease' || (kind === 'put' && before?.leased === true) });
    }
    await this.block(...changes);
  }

  at(height: number, key: string): string | undefined {
    return present(this.model[height], 'a height').get(key)?.value;
  }
}

/** Counts what it is read for, and shows all that it has. */
class CountedStore extends MemoryStore {
  readonly records = new Map<string, Uint8Array>();
  bytesRead = 0;

  override write(...[operations, done]: Parameters<Store['write']>): void {
    for (const each of operations) {
      if (each.kind === 'put') this.records.set(each.key, each.value);
      else this.records.delete(each.key);
    }
    super.write(operations, done);
  }

  override read(...[keys, done]: Parameters<Store['read']>): void {
    super.read(keys, (values, error) => {
      for (const value of values) this.bytesRead += value?.length ?? 0;
      done(values, error);
    });
  }

  get disk(): Records {
    return {
      get: (key) => this.records.get(key),
      under: (prefix) => [...this.records].filter(([key]) => key.startsWith(prefix)),
    };
  }
}

const text = (apart: Uint8Array | undefined): string | undefined => apart && new TextDecoder().decode(apart);

async function listed(reader: StateReader, height: number, limit: number) {
  const entries: [string, string | undefined][] = [];
  let at: { readonly height: Height } | ListCursor | undefined = { height: height as Height };
  while (at !== undefined) {
    const page: Awaited<ReturnType<ReadableState['list']>> = await reader.list(
      { kind: ENTRIES, prefix: 'docs/', limit },
      at,
    );
    if (!page.ok) throw new Error(page.error.message);
    entries.push(...page.value.entries.map((each): [string, string | undefined] => [each.text, text(each.apart)]));
    at = page.value.next;
  }
  return entries;
}

async function historyOf(reader: StateReader, key: string, limit: number) {
  const versions: [number, string | undefined][] = [];
  let cursor: HistoryCursor | undefined;
  do {
    const page = await reader.history(keyOf(key), limit, cursor);
    if (!page.ok) throw new Error(page.error.message);
    versions.push(
      ...page.value.versions.map(({ height, apart }): [number, string | undefined] => [height, text(apart)]),
    );
    cursor = page.value.next;
  } while (cursor !== undefined);
  return versions;
}

describe.each([0, 1, 9])('over a disk that keeps %i heights', { timeout: 60_000 }, (kept) => {
  it('each entry has the value of its height, alone, in lists and in its history, and the disk has no other values', async () => {
    const random = new Random(SEED);
    const docs = await Docs.open(kept);
    const keys = ['a', 'a/b', 'b', 'c', '~'];
    for (let i = 0; i < 60; i++) {
      await docs.someBlock(random, keys);
      const { chain, store } = docs;
      expect(complaintsAboutState(store.disk, chain.genesis, 3)).toEqual([]);
      const reader = chain.reader();
      const height = random.int(chain.oldest, chain.final) as Height;
      for (const key of keys) {
        const read = await reader.read(keyOf(key), { height }, random.chance(0.5));
        expect(read.ok && text(read.value.apart), `${key} at ${height}, seed ${SEED}`).toBe(docs.at(height, key));
      }
      const expected = keys.flatMap((key) => {
        const value = docs.at(height, key);
        return value === undefined ? [] : [[`docs/${key}`, value]];
      });
      expect(await listed(reader, height, random.int(1, 6))).toEqual(expected);
      const key = random.pick(keys);
      for (const [from, value] of await historyOf(reader, key, random.int(1, 6)))
        expect(value, `${key} from ${from}, seed ${SEED}`).toBe(docs.at(from, key));
    }
    expect(complaintsAboutState(docs.store.disk, docs.chain.genesis, Number.POSITIVE_INFINITY)).toEqual([]);
  });
});

describe('a value', () => {
  it('is stored once, however often its entry is leased, and read once for a page of versions', async () => {
    const docs = await Docs.open(0);
    const long = 'v'.repeat(65_536);
    await docs.block(['put', 'k', long]);
    for (let i = 0; i < 10; i++) await docs.block(['lease', 'k'], ['release', 'k']);
    const { store, chain } = docs;
    const values = [...store.records].filter(([key]) => isValue(key));
    expect(values.map(([, value]) => value.length)).toEqual([long.length]);
    store.bytesRead = 0;
    expect((await historyOf(chain.reader(), 'k', 100)).map(([height]) => height)).toHaveLength(11);
    expect(store.bytesRead).toBeLessThan(2 * long.length);
  });

  it('that is as another one was is a value of its own, and stays when that one is pruned', async () => {
    const docs = await Docs.open(2);
    await docs.block(['put', 'k', 'same']);
    await docs.block(['put', 'k', 'other']);
    await docs.block(['put', 'k', 'same']);
    for (let i = 0; i < 5; i++) await docs.block();
    const read = await docs.chain.reader().read(keyOf('k'), { height: 'latest' }, true);
    expect(read.ok && text(read.value.apart)).toBe('same');
    expect([...docs.store.records.keys()].filter(isValue)).toHaveLength(1);
  });

  it('of which a block had several is the last of them, and the others are not stored', async () => {
    const docs = await Docs.open(0);
    await docs.block(['put', 'k', 'one'], ['put', 'k', 'two'], ['delete', 'k'], ['put', 'k', 'three'], ['lease', 'k']);
    const read = await docs.chain.reader().read(keyOf('k'), { height: 'latest' }, true);
    expect(read.ok && text(read.value.apart)).toBe('three');
    expect([...docs.store.records].filter(([key]) => isValue(key)).map(([, value]) => text(value))).toEqual(['three']);
  });

  it('is read for those entries alone that a page has, and no more than a page may have', async () => {
    const docs = await Docs.open(0);
    const long = 'v'.repeat(65_536);
    const keys = Array.from({ length: 60 }, (_, i) => `k${i.toString().padStart(2, '0')}`);
    for (const key of keys) await docs.block(['put', key, `${key}${long}`.slice(0, long.length)]);
    const reader = docs.chain.reader();
    for (const [limit, most] of [
      [1, 2 * long.length],
      [1_000, PAGE_BYTES_MAX + 2 * long.length],
    ] as const) {
      docs.store.bytesRead = 0;
      await reader.list({ kind: ENTRIES, prefix: 'docs/', limit }, { height: 'latest' });
      expect(docs.store.bytesRead).toBeLessThan(most);
    }
    expect((await listed(reader, docs.chain.final, 1_000)).map(([key]) => key)).toEqual(
      keys.map((key) => `docs/${key}`),
    );
  });
});

describe('a damaged disk', () => {
  const reads: Readonly<Record<string, (reader: StateReader) => Promise<unknown>>> = {
    'a read': (reader) => reader.read(keyOf('k'), { height: 'latest' }, false),
    'a proved read': (reader) => reader.read(keyOf('k'), { height: 'latest' }, true),
    'a list': (reader) => reader.list({ kind: ENTRIES, prefix: 'docs/', limit: 10 }, { height: 'latest' }),
    'a history': (reader) => reader.history(keyOf('k'), 10),
  };
  const damages: Readonly<Record<string, (value: Uint8Array) => Uint8Array | undefined>> = {
    'without the value': () => undefined,
    'with another bit in the value': (value) => value.map((byte, at) => (at === 0 ? byte ^ 1 : byte)),
    'with a longer value': (value) => Uint8Array.from([...value, 0]),
  };
  it.each(Object.keys(damages).flatMap((damage) => Object.keys(reads).map((read) => [damage, read] as const)))(
    '%s gives nothing to %s',
    async (damage, read) => {
      const docs = await Docs.open(5);
      await docs.block(['put', 'k', 'value']);
      const { store, chain } = docs;
      const key = KEYS.value({ key: keyOf('k'), version: { height: chain.final, index: 0 } });
      const value = damages[damage]?.(present(store.records.get(key), key));
      const operation =
        value === undefined ? ({ kind: 'delete', key } as const) : ({ kind: 'put', key, value } as const);
      await new Promise<void>((resolve) => store.write([operation], () => resolve()));
      await expect(reads[read]?.(chain.reader())).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    },
  );
});

describe('pruning that goes on during a read', () => {
  it.each([false, true])(
    'takes the value away, and the answer says from where on the state is there (%s)',
    async (listing) => {
      for (let step = 0; ; step++) {
        const docs = await Docs.open(3);
        for (let i = 0; i < 5; i++) await docs.block(['put', 'k', `value ${i}`]);
        const { chain, store } = docs;
        const at = { height: chain.oldest };
        let steps = 0;
        const after = async (answer: () => void): Promise<void> => {
          if (steps++ === step) for (let i = 0; i < 3; i++) await docs.block(['put', 'k', `later ${i}`]);
          answer();
        };
        const reader = chain.reader({
          read: (keys, done) => store.read(keys, (...answer) => void after(() => done(...answer))),
          scan: (range, done) => store.scan(range, (...answer) => void after(() => done(...answer))),
        });
        const answer = listing
          ? await reader.list({ kind: ENTRIES, prefix: '', limit: 9 }, at)
          : await reader.read(keyOf('k'), at, false);
        if (steps <= step) {
          expect(answer.ok).toBe(true);
          return;
        }
        expect(answer).toMatchObject({ error: { code: 'HEIGHT_PRUNED', oldest: at.height + 3 } });
      }
    },
  );
});
