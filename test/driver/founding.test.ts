/** A first state that takes many batches, and a folder in which some of them are. */
import { describe, expect, test } from 'vitest';
import type { Result } from '../../src/base/result.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { found } from '../../src/driver/durability/founding.ts';
import { type RecoveredDriver, recover } from '../../src/driver/durability/recovery.ts';
import type { StoreOperation } from '../../src/driver/ports.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { genesisBlock } from '../../src/ledger/state/ledger-state.ts';
import { complaintsAboutState } from '../../src/simulator/checkers/state-on-disk.ts';
import { simulatedKeys } from '../../src/simulator/world/keys.ts';
import { standIn } from '../../src/simulator/world/stand-in.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';

installNodeSha256();

const BATCH_BYTES = 2_500;

const genesisOf = (bystanders: number) => {
  const made = simulatedKeys(standIn, [1n, 1n, 1n, 1n], {}, { bystanders });
  if (!made.ok) throw new Error(made.error.message);
  return made.value.genesis;
};
const genesis = genesisOf(200);

/** A disk that loses power at this write, which is not done any more. */
class FailingStore extends MemoryStore {
  readonly batches: (readonly StoreOperation[])[] = [];
  #left: number;

  constructor(writes: number) {
    super();
    this.#left = writes;
  }

  override write(batch: readonly StoreOperation[], done: (error?: Error) => void): void {
    if (this.#left === 0) return done(new Error('no power'));
    this.#left -= 1;
    this.batches.push(batch);
    super.write(batch, done);
  }

  again(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }
}

const begin = (store: FailingStore): Promise<Result<unknown>> =>
  new Promise((resolve) => {
    found(store, genesis, undefined, resolve, BATCH_BYTES);
  });
const open = (store: FailingStore, of = genesis): Promise<Result<RecoveredDriver>> =>
  new Promise((resolve) => {
    recover(store, of, standIn.verify, resolve);
  });
const contents = (store: MemoryStore): Promise<ReadonlyMap<string, Uint8Array>> =>
  new Promise((resolve) => {
    store.scan({ from: '', to: '~', limit: 100_000 }, (entries) => resolve(new Map(entries)));
  });

/** What is on the disk but seals, which count the batches that were written. */
const unsealed = (records: ReadonlyMap<string, Uint8Array>) => [...records].filter(([key]) => !key.startsWith('seal/'));

describe('a first state of many batches', async () => {
  const whole = new FailingStore(Number.POSITIVE_INFINITY);
  await begin(whole);
  const expected = await contents(whole);
  const { length } = whole.batches;

  test('is a chain that can be started from', async () => {
    expect(length).toBeGreaterThan(10);
    const opened = await open(whole);
    expect(opened).toMatchObject({ ok: true, value: { state: { head: { hash: genesisBlock(genesis).hash } } } });
    const under = (prefix: string) => [...expected].filter(([key]) => key.startsWith(prefix));
    expect(complaintsAboutState({ get: (key) => expected.get(key), under }, genesis, 1)).toEqual([]);
  });

  test('names its chain in the first batch, and is begun by the last one', () => {
    const batchesWith = (kind: StoreOperation['kind'], key: string): number[] =>
      whole.batches.flatMap((batch, i) => (batch.some((each) => each.kind === kind && each.key === key) ? [i] : []));
    expect(batchesWith('put', KEYS.chainId)).toEqual([0]);
    expect(batchesWith('put', KEYS.founding)).toEqual([0]);
    expect(batchesWith('delete', KEYS.founding)).toEqual([length - 1]);
  });

  test.each(Array.from({ length }, (_, i) => i))('that lost power before batch %s is begun again', async (writes) => {
    const store = new FailingStore(writes);
    expect(await begin(store)).toMatchObject({ ok: false, error: { code: 'STORE_BROKEN' } });
    store.again();
    const opened = await open(store);
    expect(opened).toMatchObject({ ok: true, value: { state: { head: { hash: genesisBlock(genesis).hash } } } });
    expect(unsealed(await contents(store))).toEqual(unsealed(expected));
    expect((await open(store)).ok).toBe(true);
  });

  test.each([1, 5])('of another chain is refused, though %s of its batches are all that is there', async (writes) => {
    const store = new FailingStore(writes);
    await begin(store);
    store.again();
    const before = await contents(store);
    expect(await open(store, genesisOf(201))).toMatchObject({ ok: false, error: { code: 'WRONG_CHAIN' } });
    expect(await contents(store)).toEqual(before);
  });
});
