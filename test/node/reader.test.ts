import { beforeEach, describe, expect, it } from 'vitest';
import { type Hash, type Height, hash, height, ZERO_HASH } from '../../src/base/brand.ts';
import type { FinalizedBlock, Store } from '../../src/driver/ports.ts';
import { KEYS, transactionPlaceCodec } from '../../src/driver/stored/records.ts';
import {
  type BlockRecord,
  blockHash,
  blockRecordCodec,
  type FullBody,
  fullBodyCodec,
  NULL_BODY,
  NULL_BODY_HASH,
} from '../../src/ledger/block.ts';
import { Outcomes } from '../../src/node/outcomes.ts';
import { Reader } from '../../src/node/reader.ts';
import type { Trace } from '../../src/rpc/trace.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';

const NEVER = new AbortController().signal;
const BODY: FullBody = { body: NULL_BODY, transactions: [] };
const ID = hash('01'.repeat(32));
const OTHER = hash('02'.repeat(32));

function block(at: number, ...ids: readonly Hash[]): FinalizedBlock {
  const header = {
    chainId: ZERO_HASH,
    height: height(at),
    epoch: 0,
    parentHash: ZERO_HASH,
    bodyHash: NULL_BODY_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    historyRoot: ZERO_HASH,
    validatorsHash: ZERO_HASH,
    nextValidatorsHash: ZERO_HASH,
    timestampMs: at,
    proposer: 0,
  } as BlockRecord['header'];
  const receipts = ids.map((transactionId) => ({ transactionId, code: 'OK' as const, feePaid: 0n, events: [] }));
  const record = { header, executed: ids.map((_, position) => position), receipts };
  return { hash: blockHash(header), record, body: BODY, certificate: null };
}

function writeBlock(store: Store, { record, body }: FinalizedBlock): Promise<void> {
  const at = record.header.height;
  const put = (key: string, value: Uint8Array) => ({ kind: 'put', key, value }) as const;
  const batch = [
    put(KEYS.block(at), blockRecordCodec.encode(record)),
    put(KEYS.body(at, record.header.bodyHash), fullBodyCodec.encode(body)),
    ...record.receipts.map(({ transactionId }, index) =>
      put(KEYS.transaction(transactionId), transactionPlaceCodec.encode({ height: at, index })),
    ),
  ];
  return new Promise((resolve, reject) => store.write(batch, (error) => (error ? reject(error) : resolve())));
}

const erase = (key: string): Promise<void> =>
  new Promise((resolve) => store.write([{ kind: 'delete', key }], () => resolve()));

let store: MemoryStore;
let outcomes: Outcomes;
let reader: Reader;
let final: Height;
let pending: Set<Hash>;

beforeEach(() => {
  store = new MemoryStore();
  outcomes = new Outcomes();
  final = height(0);
  pending = new Set();
  reader = new Reader(store, { finalHeight: () => final, isPending: (id) => pending.has(id) }, outcomes);
});

const committed = ({ hash: blockHash_, record }: FinalizedBlock, index: number) => ({
  status: 'committed',
  height: record.header.height,
  index,
  blockHash: blockHash_,
  receipt: record.receipts[index],
});

describe('what became of a transaction', () => {
  it('is unknown, then pending, then committed', async () => {
    expect(await reader.transaction(ID)).toEqual({ status: 'unknown' });
    pending.add(ID);
    expect(await reader.transaction(ID)).toEqual({ status: 'pending' });
    pending.delete(ID);
    const made = block(1, OTHER, ID);
    outcomes.finalized(made);
    expect(await reader.transaction(ID)).toEqual(committed(made, 1));
  });

  it('is read from the store when memory does not reach it', async () => {
    const made = block(1, OTHER, ID);
    await writeBlock(store, made);
    final = height(1);
    expect(await reader.transaction(ID)).toEqual(committed(made, 1));
    expect(await reader.transaction(OTHER)).toEqual(committed(made, 0));
  });

  it('is pending while its block is executed but not final', async () => {
    await writeBlock(store, block(1, ID));
    expect(await reader.transaction(ID)).toEqual({ status: 'pending' });
  });

  it('is never unknown between leaving the mempool and standing in a durable block', async () => {
    const slow = new SlowStore(store);
    reader = new Reader(slow, { finalHeight: () => final, isPending: (id) => pending.has(id) }, outcomes);
    void writeBlock(slow, block(1, ID));
    const state = reader.transaction(ID);
    slow.finishWrites();
    expect(await state).toEqual({ status: 'pending' });
  });

  it('is rejected with its code, until it waits again', async () => {
    outcomes.reject(ID, 'EXPIRED');
    expect(await reader.transaction(ID)).toEqual({ status: 'rejected', code: 'EXPIRED' });
    pending.add(ID);
    expect(await reader.transaction(ID)).toEqual({ status: 'pending' });
  });

  it('is committed although it was once rejected', async () => {
    outcomes.reject(ID, 'EXPIRED');
    await writeBlock(store, block(1, ID));
    final = height(1);
    expect(await reader.transaction(ID)).toMatchObject({ status: 'committed' });
  });
});

describe('a wait for a transaction', () => {
  it.each([
    ['its commit', () => outcomes.finalized(block(3, ID)), 'committed'],
    ['its rejection', () => outcomes.reject(ID, 'EXPIRED'), 'rejected'],
  ])('ends with %s, for everybody who waits', async (_, happen, status) => {
    const waits = [reader.waitFor(ID, 60_000, NEVER), reader.waitFor(ID, 60_000, NEVER)];
    outcomes.finalized(block(2, OTHER));
    happen();
    expect(await Promise.all(waits)).toMatchObject([{ status }, { status }]);
  });

  it('ends at once when it is over already', async () => {
    outcomes.finalized(block(3, ID));
    expect(await reader.waitFor(ID, 60_000, NEVER)).toMatchObject({ status: 'committed' });
  });

  it('ends at the timeout and with the signal, with what is known', async () => {
    pending.add(ID);
    expect(await reader.waitFor(ID, 1, NEVER)).toEqual({ status: 'pending' });
    const controller = new AbortController();
    const wait = reader.waitFor(ID, 60_000, controller.signal);
    controller.abort();
    expect(await wait).toEqual({ status: 'pending' });
    expect(await reader.waitFor(ID, 60_000, AbortSignal.abort())).toEqual({ status: 'pending' });
  });
});

describe('a block', () => {
  it('is read from the store once it is final, not before', async () => {
    const made = block(1, ID);
    await writeBlock(store, made);
    expect(await reader.block(height(1))).toBeUndefined();
    final = height(1);
    expect(await reader.block(height(1))).toEqual(made);
    expect(await reader.block('latest')).toEqual(made);
  });

  it('is not there where there is none', async () => {
    expect(await reader.block('latest')).toBeUndefined();
    expect(await reader.block(height(7))).toBeUndefined();
  });

  it('without its body is a damaged store, not an absent block', async () => {
    await writeBlock(store, block(1, ID));
    await erase(KEYS.body(height(1), NULL_BODY_HASH));
    final = height(1);
    await expect(reader.block(height(1))).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });
});

describe('a block that is looked for by its bytes', () => {
  const record = (text: string): Trace => ({ bytes: Buffer.from(text, 'hex'), within: 'record' });
  const anywhere = (text: string): Trace => ({ ...record(text), within: 'block' });

  it.each<[string, readonly Trace[], boolean]>([
    ['nothing', [], true],
    ['what is in its receipts', [record(ID)], true],
    ['what is in its receipts or its body', [anywhere(ID)], true],
    ['what is in its body alone', [anywhere('c0ffee')], true],
    ['what would have to be in its receipts', [record('c0ffee')], false],
    ['what is nowhere', [anywhere(OTHER)], false],
    ['several things, one of which is nowhere', [record(ID), anywhere('c0ffee'), record('abcdef')], false],
  ])('is found by %s: %j', async (_, traces, isFound) => {
    const made = { ...block(1, ID), body: { body: NULL_BODY, transactions: [Buffer.from('00c0ffee', 'hex')] } };
    await writeBlock(store, made);
    final = height(1);
    const found = await reader.blockWith(height(1), traces);
    expect(found === 'without').toBe(!isFound);
    if (isFound) expect(found).toMatchObject({ hash: made.hash, record: made.record });
    expect(await reader.block(height(1))).toMatchObject({ hash: made.hash });
  });

  it('is not there before it is final, or where it is gone; without its body the store is damaged', async () => {
    await writeBlock(store, block(1, ID));
    expect(await reader.blockWith(height(1), [record(OTHER)])).toBeUndefined();
    final = height(2);
    expect(await reader.blockWith(height(2), [record(OTHER)])).toBeUndefined();
    await erase(KEYS.body(height(1), NULL_BODY_HASH));
    expect(await reader.blockWith(height(1), [record(OTHER)])).toBe('without');
    await expect(reader.blockWith(height(1), [anywhere(OTHER)])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('costs time of this thread, which whoever asks pays for', async () => {
    await writeBlock(store, block(1, ID));
    final = height(1);
    const before = reader.micros;
    await reader.blockWith(height(1), [record(OTHER)]);
    expect(reader.micros).toBeGreaterThan(before);
  });
});

describe('the next height at which there is a block', () => {
  it.each([
    [1, 1],
    [2, 4],
    [4, 4],
    [5, undefined],
    [6, undefined],
  ])('from %i on is %s, where 2 and 3 are gone and 5 is not final yet', async (from, wanted) => {
    for (const at of [1, 2, 3, 4, 5]) await writeBlock(store, block(at, ID));
    for (const at of [2, 3]) await erase(KEYS.block(height(at)));
    final = height(4);
    expect(await reader.nextHeight(height(from))).toBe(wanted);
  });
});

/** A store whose writes wait until they are let through; reads see what is done. */
class SlowStore implements Store {
  readonly #store: Store;
  #held: (() => void)[] | undefined = [];

  constructor(inner: Store) {
    this.#store = inner;
  }

  write(...args: Parameters<Store['write']>): void {
    const run = (): void => this.#store.write(...args);
    if (this.#held === undefined) run();
    else this.#held.push(run);
  }

  read(...args: Parameters<Store['read']>): void {
    this.#store.read(...args);
  }

  scan(...args: Parameters<Store['scan']>): void {
    this.#store.scan(...args);
  }

  /** Lets writes through, after the reads that are under way. */
  finishWrites(): void {
    setImmediate(() => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const run of held) run();
    });
  }
}
