/** What a node finds when it starts: its own records, or a reason not to start. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Height } from '../../src/base/brand.ts';
import type { PromiseRecord } from '../../src/consensus/promises.ts';
import type { Store, StoreOperation } from '../../src/driver/ports.ts';
import { decodePromise, heightCodec, isPromise, KEYS, promiseOperation } from '../../src/driver/stored/records.ts';
import { type RecoveredDriver, recover } from '../../src/driver/durability/recovery.ts';
import type { Result } from '../../src/base/result.ts';
import { standIn } from '../../src/simulator/world/stand-in.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { Bench, H } from '../consensus/kit.ts';
import { makeGenesis } from '../ledger/network.ts';
import { Cluster } from './cluster.ts';

const open = (store: Store, genesis = makeGenesis()): Promise<Result<RecoveredDriver>> =>
  new Promise((resolve) => {
    recover(store, genesis, standIn.verify, resolve);
  });

/** Everything that a node of a short life stored: some blocks, one of them not final, one height under way. */
async function lived(): Promise<{ entries: Map<string, Uint8Array>; genesis: Cluster['genesis'] }> {
  const cluster = new Cluster(4);
  cluster.startAll();
  cluster.until(() => cluster.heights().every((height) => height === 1), 2000);
  // No CHECKPOINT gets through for a block, then no COMMIT for another.
  const settles = (message: Uint8Array) => (message[0] === 0 && message[1] === 3) || message[0] === 11;
  cluster.link = (_from, _to, message) => !settles(message);
  cluster.submit(0, cluster.transfer(0, 1, 0));
  cluster.until(() => cluster.driver(1).status().executedHeight === 2, 2000);
  cluster.link = (_from, _to, message) => !settles(message) && !(message[0] === 0 && message[1] === 2);
  cluster.submit(0, cluster.transfer(0, 1, 1));
  cluster.run(100);
  const entries = new Map<string, Uint8Array>();
  await new Promise<void>((resolve) => {
    cluster.node(1).disk.scan({ from: '', to: '~', limit: 10_000 }, (found) => {
      for (const [key, value] of found) entries.set(key, value);
      resolve();
    });
    cluster.run(10);
  });
  return { entries, genesis: cluster.genesis };
}

async function storeOf(entries: ReadonlyMap<string, Uint8Array>): Promise<MemoryStore> {
  const store = new MemoryStore();
  const batch: StoreOperation[] = [...entries].map(([key, value]) => ({ kind: 'put', key, value }));
  await new Promise<void>((resolve) => {
    store.write(batch, () => resolve());
  });
  return store;
}

describe('a folder', () => {
  test('that is new begins at genesis, and is marked with the chain', async () => {
    const store = new MemoryStore();
    const opened = await open(store);
    expect(opened).toMatchObject({ ok: true, value: { certified: null, pending: [], promises: [], bodies: [] } });
    expect(await open(store)).toMatchObject({ ok: true });
  });

  test('of another chain is refused', async () => {
    const store = new MemoryStore();
    await open(store);
    expect(await open(store, makeGenesis(7))).toMatchObject({ ok: false, error: { code: 'WRONG_CHAIN' } });
  });

  test.each([
    ['a vote', '/vote/'],
    ['a prepared certificate', '/prepared'],
    ['the finality certificate', 'meta/certified'],
  ])('in which a bit of a signature of %s flipped is refused', async (_, part) => {
    const { entries, genesis } = await lived();
    const [key, value] = [...entries].find(([name]) => name.includes(part)) ?? [];
    if (key === undefined || value === undefined) throw new Error(`nothing is stored under ${part}`);
    const spoilt = value.slice();
    spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
    const opened = await open(await storeOf(new Map(entries).set(key, spoilt)), genesis);
    expect(opened).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });

  test('of a life gives back certificate, blocks, bodies and promises', async () => {
    const { entries, genesis } = await lived();
    const opened = await open(await storeOf(entries), genesis);
    if (!opened.ok) throw new Error(opened.error.message);
    const { certified, state, pending, bodies, promises } = opened.value;
    expect(certified?.height).toBe(1);
    expect(state.head.header.height).toBe(2);
    expect(pending).toHaveLength(1);
    expect(bodies.map(({ height }) => height)).toEqual([3]);
    expect(new Set(promises.map(({ record }) => record.kind))).toEqual(new Set(['vote', 'prepared']));
  });

  /** The root of the state at the head. */
  const ROOT = KEYS.node({ version: 2 as Height, path: '' });
  // What else there is of the state is looked at when it is needed: test/driver/damaged-state.test.ts.
  const LOST = ['meta/chain-state', 'block/', 'body/0000000000000002', ROOT];
  test.each(LOST)('without %s is corrupt', async (prefix) => {
    const { entries, genesis } = await lived();
    for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    expect(await open(await storeOf(entries), genesis)).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });

  const TORN = [
    'meta/chain-state',
    'meta/certified',
    'block/',
    'body/0000000000000002',
    'body/0000000000000003',
    ROOT,
    'promise/',
  ];
  test.each(TORN)('with a torn %s is corrupt', async (prefix) => {
    const { entries, genesis } = await lived();
    const [key, value] = [...entries].find(([each]) => each.startsWith(prefix)) ?? [];
    if (key === undefined || value === undefined) throw new Error(`no ${prefix}`);
    entries.set(key, value.slice(0, -1));
    expect(await open(await storeOf(entries), genesis)).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });

  test.each(['body/0000000000000003', 'block/0000000000000001', 'block/0000000000000002', ROOT])(
    'with %s flipped in any byte is corrupt',
    async (prefix) => {
      const { entries, genesis } = await lived();
      const [key, value] = [...entries].find(([each]) => each.startsWith(prefix)) ?? [];
      if (key === undefined || value === undefined) throw new Error(`no ${prefix}`);
      // Of a block record only the header is bound by its hash.
      const bound = prefix.startsWith('block') ? 300 : value.length;
      for (let at = 0; at < bound; at += 7) {
        entries.set(key, value.with(at, (value[at] ?? 0) ^ 1));
        const opened = await open(await storeOf(entries), genesis);
        expect([at, opened.ok ? 'ok' : opened.error.code]).toEqual([at, 'STORE_CORRUPT']);
      }
    },
  );

  test('that says it pruned what is above its head is corrupt', async () => {
    const { entries, genesis } = await lived();
    entries.set(KEYS.pruned, heightCodec.encode(2 as Height));
    expect(await open(await storeOf(entries), genesis)).toMatchObject({ ok: true, value: { prunedTo: 2 } });
    entries.set(KEYS.pruned, heightCodec.encode(3 as Height));
    expect(await open(await storeOf(entries), genesis)).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });

  test('with a promise under the key of another is corrupt: it would free the node to contradict itself', async () => {
    const { entries, genesis } = await lived();
    const commit = [...entries].find(([key]) => key.includes('/vote/commit/'));
    if (commit === undefined) throw new Error('no COMMIT');
    entries.delete(commit[0]);
    entries.set(commit[0].replace('commit/0000000000000000', 'commit/0000000000000005'), commit[1]);
    expect(await open(await storeOf(entries), genesis)).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });

  test('that lost any one promise is corrupt: no other record may speak for it', async () => {
    const { entries, genesis } = await lived();
    const promises = [...entries.keys()].filter(isPromise);
    expect(promises.length).toBeGreaterThan(3);
    for (const promise of promises) {
      const rest = new Map([...entries].filter(([key]) => key !== promise));
      const opened = await open(await storeOf(rest), genesis);
      expect([promise, opened.ok ? 'ok' : opened.error.code]).toEqual([promise, 'STORE_CORRUPT']);
    }
  });

  test('that lost the seal of any batch, or all of them, is corrupt', async () => {
    const { entries, genesis } = await lived();
    const seals = [...entries.keys()].filter((key) => key.startsWith('seal/'));
    expect(seals.length).toBeGreaterThan(3);
    for (const lost of [seals, ...seals.map((seal) => [seal])]) {
      const rest = new Map([...entries].filter(([key]) => !lost.includes(key)));
      const opened = await open(await storeOf(rest), genesis);
      expect([lost, opened.ok ? 'ok' : opened.error.code]).toEqual([lost, 'STORE_CORRUPT']);
    }
  });

  test('that is new, on a disk that takes nothing, is not started from: the disk is broken, and no bug of ours', async () => {
    const store = new MemoryStore();
    store.write = (_batch, done) => done(new Error('no space left'));
    const opened = await open(store);
    expect(opened).toMatchObject({ ok: false, error: { code: 'STORE_BROKEN' } });
    expect(opened).toHaveProperty('error.message', expect.stringContaining('no space left'));
  });

  test('that holds a chain is only read', async () => {
    const { entries, genesis } = await lived();
    const store = await storeOf(entries);
    let writes = 0;
    store.write = () => (writes += 1);
    expect((await open(store, genesis)).ok).toBe(true);
    expect(writes).toBe(0);
  });

  test('whose store cannot be read is not started from', async () => {
    const store = new MemoryStore();
    store.read = (_keys, done) => done([], new Error('broken'));
    expect(await open(store)).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });
});

describe('promises', () => {
  const { pens } = new Bench();
  const records: PromiseRecord[] = [
    { kind: 'vote', vote: pens.vote(1, 'commit', 2, 3, H('a')) },
    { kind: 'prepared', prepared: pens.prepared(0, 3, H('a'), [1, 2]) },
    { kind: 'view-change', viewChange: pens.viewChange(1, 2) },
    {
      kind: 'new-view',
      newView: pens.newView(
        1,
        [0, 1, 2].map((voter) => pens.viewChange(voter, 1)),
      ),
    },
  ];

  test.each(records)('a $kind comes back from its key and bytes, and from no damaged ones', (record) => {
    const { key, value } = promiseOperation(7 as Epoch, record) as Extract<StoreOperation, { kind: 'put' }>;
    expect(key.startsWith('promise/0000000000000007/')).toBe(true);
    expect(decodePromise(key, value)).toEqual({ ok: true, value: record });
    expect(decodePromise(key, value.slice(1))).toMatchObject({ error: { code: 'STORE_CORRUPT' } });
    expect(decodePromise(key, Uint8Array.from([...value, 0]))).toMatchObject({ error: { code: 'STORE_CORRUPT' } });
  });

  test('keys sort as heights do', () => {
    expect([10, 9, 100].map((height) => KEYS.block(height as never)).toSorted()).toEqual(
      [9, 10, 100].map((height) => KEYS.block(height as never)),
    );
  });
});
