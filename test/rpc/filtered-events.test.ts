import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { formatAddress } from '../../src/crypto/address.ts';
import { TURN_MICROS } from '../../src/rpc/limits.ts';
import { Turns } from '../../src/rpc/turns.ts';
import { chains, senders } from '../ledger/operations/chains.ts';
import { createNamespace, put, remove, required } from '../ledger/operations/kit.ts';
import { DataChain, expected, type Filter, seen } from './data-chain.ts';
import { EventReader, type Harness, type ServerEvent, start, until } from './harness.ts';
import { type MemoryGateway, PREFIX } from './memory-gateway.ts';

/** Namespace `docs` of alice with some writing in it, among transfers. */
function docs(): DataChain {
  const chain = new DataChain();
  const { alice, bob, carol } = chain.ledger;
  const pay = { kind: 'transfer', to: carol, amount: 5n } as const;
  chain.append([alice, [createNamespace('docs', [bob])]]);
  chain.append([carol, [{ ...pay, to: alice }]], [bob, [put('a/1', 'one'), pay, put('b/1', 'two')]]);
  chain.append([alice, [required('a/1', { kind: 'any' })]], [bob, [put('a/1', 'no', { kind: 'absent' })]]);
  chain.append();
  chain.append([alice, [remove('a/1')]]);
  return chain;
}

async function serve(chain: DataChain, options: Parameters<typeof start>[0] = {}): Promise<Harness> {
  const harness = await start(options);
  for (const block of chain.blocks) harness.gateway.publish(block);
  return harness;
}

const idsOf = (events: readonly ServerEvent[]): unknown[] => events.map(({ id }) => id);

async function take(harness: Harness, query: string, count: number): Promise<ServerEvent[]> {
  const reader = await EventReader.open(harness, `/v1/events?${query}`);
  const events = await reader.take(count);
  reader.close();
  return events;
}

describe('a stream of a namespace', () => {
  it.each([
    ['namespace=docs', ['1:0', '2:1', '5:0']],
    ['namespace=docs&prefix=', ['2:1', '5:0']],
    ['namespace=docs&prefix=a', ['2:1', '5:0']],
    ['namespace=docs&prefix=b/1', ['2:1']],
  ])('is told of what changed there: %s', async (query, ids) => {
    await using harness = await serve(docs());
    expect(idsOf(await take(harness, `after=0:0&types=transaction&${query}`, ids.length))).toEqual(ids);
  });

  it('is told the values, and what else the operation says that the receipt does not repeat', async () => {
    const chain = docs();
    await using harness = await serve(chain);
    const { alice, bob } = chain.ledger;
    const [made, written, deleted] = await take(harness, 'after=0:0&types=transaction&namespace=docs', 3);
    expect(made?.data).toMatchObject({
      sender: formatAddress(alice, PREFIX),
      changes: [{ kind: 'create-namespace', namespace: 'docs', writers: [formatAddress(bob, PREFIX)] }],
    });
    expect(written?.data).toMatchObject({
      sender: formatAddress(bob, PREFIX),
      height: 2,
      index: 1,
      changes: [
        { kind: 'put', namespace: 'docs', key: 'a/1', version: '2:1', value: 'b25l' },
        { kind: 'put', namespace: 'docs', key: 'b/1', version: '2:1', value: 'dHdv' },
      ],
      receipt: { code: 'OK', events: [{ kind: 'put' }, { kind: 'transfer' }, { kind: 'put' }] },
    });
    expect(deleted?.data).toMatchObject({ changes: [{ kind: 'delete', key: 'a/1', version: '5:0' }] });
  });

  it('is told only of the keys with its prefix, of a transaction that wrote others too', async () => {
    await using harness = await serve(docs());
    const [event] = await take(harness, 'after=0:0&types=transaction&namespace=docs&prefix=b', 1);
    expect(event?.data).toMatchObject({ changes: [{ key: 'b/1' }] });
  });

  it('costs others no byte: they are told of no values', async () => {
    await using harness = await serve(docs());
    for (const { data } of await take(harness, 'after=0:0&types=transaction', 6)) {
      expect(data).not.toHaveProperty('changes');
      expect(data).not.toHaveProperty('sender');
    }
  });
});

describe('a stream of an account', () => {
  const { alice, bob, carol } = new DataChain().ledger;
  it.each([
    ['who signs, also what fails', bob, ['1:0', '2:1', '3:1']],
    ['who is paid', carol, ['2:0', '2:1']],
    ['who owns, and is paid', alice, ['1:0', '2:0', '3:0', '5:0']],
  ])('is told of what concerns it: %s', async (_, account, ids) => {
    await using harness = await serve(docs());
    for (const text of [account, formatAddress(account, PREFIX)])
      expect(idsOf(await take(harness, `after=0:0&types=transaction&account=${text}`, ids.length))).toEqual(ids);
  });

  it('is told of what concerns it in a namespace, where it asks for both', async () => {
    await using harness = await serve(docs());
    const query = `after=0:0&types=transaction&account=${alice}&namespace=docs`;
    expect(idsOf(await take(harness, query, 2))).toEqual(['1:0', '5:0']);
  });
});

describe('a filter', () => {
  it.each([
    'namespace=Docs',
    'namespace=',
    'namespace=docs&namespace=docs',
    'prefix=a',
    'namespace=docs&prefix=a%20b',
    `namespace=docs&prefix=${'a'.repeat(129)}`,
    'account=',
    'account=tre1nobody',
    `account=${'g'.repeat(64)}`,
    'key=a',
  ])('that is none is refused: %s', async (query) => {
    await using harness = await start();
    expect((await harness.ask(`/v1/events?${query}`)).status).toBe(400);
  });

  it.each([
    ['namespace=docs', ['1:0', '1:1', '2:1', '2:2', '3:2', '4:0', '5:0', '5:1']],
    ['namespace=docs&prefix=1', ['1:1', '2:2', '3:2', '4:0', '5:1']],
  ])('leaves the events of blocks as they are: %s', async (query, ids) => {
    await using harness = await serve(docs());
    expect(idsOf(await take(harness, `after=0:0&${query}`, ids.length))).toEqual(ids);
  });

  it('leaves exactly what the transactions of random chains say', async () => {
    const account = fc.constantFrom(...senders);
    const namespace = fc.constantFrom('a', 'b');
    const filters: fc.Arbitrary<Filter> = fc.oneof(
      fc.record({ account }),
      fc.record({ namespace }),
      fc.record({ namespace, prefix: fc.constantFrom('', 'k', 'l/', '/m', 'x') }),
      fc.record({ account, namespace }),
    );
    await fc.assert(
      fc.asyncProperty(chains, filters, async (plan, filter) => {
        const chain = DataChain.of(plan);
        await using harness = await serve(chain);
        const wanted = expected(chain.blocks, filter);
        const query = new URLSearchParams({ after: '0:0', ...filter } as Record<string, string>);
        const events = await take(harness, String(query), wanted.length + chain.blocks.length);
        const told = events.filter(({ event }) => event === 'transaction');
        expect(told.map(({ id = '', data }) => seen(id, data as object))).toEqual(wanted);
        expect(events.at(-1)).toMatchObject({ event: 'block', data: { height: chain.blocks.length } });
      }),
      { numRuns: 60 },
    );
  });
});

describe('the place of a stream that is told of nothing', () => {
  const QUIET = 'types=transaction&namespace=nowhere';

  it('is told now and then, with an id from which the stream goes on', async () => {
    const chain = docs();
    await using harness = await serve(chain, { limits: { heartbeatMs: 5 } });
    const [event] = await take(harness, `after=0:0&${QUIET}`, 1);
    const { height, newestHeight } = (event?.data ?? {}) as { height: number; newestHeight: number };
    expect(event).toMatchObject({ id: `${height}:8192`, event: 'progress' });
    expect([height > 0 && height <= 5, newestHeight]).toEqual([true, 5]);
    const before = harness.gateway.searches;
    const reader = await EventReader.open(harness, `/v1/events?${QUIET}`, { 'last-event-id': '5:8192' });
    await reader.comment('heartbeat');
    expect(harness.gateway.searches).toBe(before);
    harness.gateway.publish(chain.append());
    expect(await reader.next()).toMatchObject({ id: '6:8192', data: { height: 6, newestHeight: 6 } });
    reader.close();
  });

  it('is told once, and then only heartbeats come', async () => {
    await using harness = await serve(docs(), { limits: { heartbeatMs: 5 } });
    const reader = await EventReader.open(harness, `/v1/events?after=4:8192&${QUIET}`);
    expect(idsOf(await reader.take(1))).toEqual(['5:8192']);
    reader.comments.length = 0;
    await reader.comment('heartbeat');
    reader.close();
  });

  it('is not told where the events themselves say it', async () => {
    await using harness = await serve(docs(), { limits: { heartbeatMs: 5 } });
    const reader = await EventReader.open(harness, '/v1/events?after=0:0');
    const events = await reader.take(11);
    reader.comments.length = 0;
    await reader.comment('heartbeat');
    // What came until then is among the comments, whatever it is.
    expect(new Set(reader.comments)).toEqual(new Set(['heartbeat']));
    expect(events.filter(({ event }) => event === 'progress')).toEqual([]);
    reader.close();
  });

  it('is told to browsers at the beginning, as an id without an event', async () => {
    await using harness = await serve(docs());
    const reader = await EventReader.open(harness, `/v1/events?${QUIET}`);
    harness.gateway.publish(docs().append());
    await reader.comment('from 6:0; the newest final height is 5\nid: 5:8192');
    reader.close();
  });
});

describe('blocks that are gone', () => {
  it.each([
    ['at the beginning', [1, 2, 3], '0:0', ['pruned 3:8192', 'block 4:0', 'transaction 5:0', 'block 5:1']],
    ['under a stream', [2, 3], '0:0', ['transaction 1:0', 'block 1:1', 'pruned 3:8192', 'block 4:0']],
    ['before the place where it begins', [1, 2], '3:1', ['block 3:2', 'block 4:0']],
    ['at the place where it begins', [1, 2, 3], '2:1', ['pruned 3:8192', 'block 4:0']],
    ['up to the place that the event named', [1, 2, 3], '3:8192', ['block 4:0', 'transaction 5:0']],
  ])('%s are told of once, with the height at which the stream goes on', async (_, gone, after, wanted) => {
    await using harness = await serve(docs());
    for (const height of gone) harness.gateway.blocks.delete(height);
    const events = await take(harness, `after=${after}`, wanted.length);
    expect(events.map(({ event, id }) => `${event} ${id}`)).toEqual(wanted);
    const [pruned] = events.filter(({ event }) => event === 'pruned');
    if (pruned !== undefined) expect(pruned.data).toEqual({ nextHeight: 4 });
  });

  it('end the stream where there are none after them', async () => {
    await using harness = await serve(docs());
    for (const height of [4, 5]) harness.gateway.blocks.delete(height);
    const [closing] = await take(harness, 'after=3:2', 1);
    expect(closing).toMatchObject({ event: 'closing', data: { code: 'BLOCK_NOT_FOUND' } });
  });
});

describe('what a filtered stream costs', () => {
  const BLOCKS = 300;
  /** Of 160 kB each, as JSON. */
  const LARGE = 150;
  const long = (): DataChain => {
    const chain = docs();
    while (chain.blocks.length < BLOCKS) chain.append();
    return chain;
  };

  it('is looking at the bytes of blocks, and reading only those that have what it asks for', async () => {
    await using harness = await serve(long());
    const { gateway } = harness;
    await take(harness, 'after=0:0&types=transaction&namespace=docs', 3);
    // Beside the three, the one that names the namespace and changes nothing.
    expect(gateway.reads).toBe(4);
    const before = gateway.searches;
    const reader = await EventReader.open(harness, '/v1/events?after=5:0&types=transaction&namespace=nowhere');
    await until(() => gateway.searches - before >= BLOCKS - 5);
    expect(gateway.reads).toBe(4);
    reader.close();
  });

  it('is shared by streams that look at the same blocks at the same time', async () => {
    await using harness = await serve(docs());
    const { gateway } = harness;
    const { promise: both, resolve } = Promise.withResolvers<void>();
    const read = gateway.block.bind(gateway);
    gateway.block = (height) => both.then(() => read(height));
    const readers = [await EventReader.open(harness, '/v1/events?after=0:0')];
    readers.push(await EventReader.open(harness, '/v1/events?after=0:0'));
    resolve();
    for (const reader of readers) expect(idsOf(await reader.take(11)).at(-1)).toBe('5:1');
    expect(gateway.reads).toBe(5);
    for (const reader of readers) reader.close();
  });

  it('is charged: a stream that finds nothing stops when what reads may take is used up', async () => {
    const micros = 20 * TURN_MICROS;
    const limits = { readMicrosPerSecond: 1, readMicrosBurst: 5 * micros, heartbeatMs: 10 };
    await using harness = await serve(long(), { limits });
    const { gateway } = harness;
    chargeSearches(gateway, micros);
    const reader = await EventReader.open(harness, '/v1/events?after=0:0&types=transaction&namespace=nowhere');
    await reader.comment('heartbeat');
    expect(gateway.searches).toBe(5);
    reader.close();
  });

  it('is turns: after a block that took as long as many, others go first as often', async () => {
    await using harness = await serve(long(), { limits: { readMicrosPerSecond: 1e9, readMicrosBurst: 1e9 } });
    const { gateway } = harness;
    chargeSearches(gateway, 20 * TURN_MICROS);
    const next = vi.spyOn(Turns.prototype, 'next');
    const reader = await EventReader.open(harness, '/v1/events?after=0:0&types=transaction&namespace=nowhere');
    await until(() => gateway.searches === BLOCKS);
    const spent = next.mock.calls.filter(([, micros]) => micros === 0).length;
    next.mockRestore();
    expect(spent).toBeGreaterThanOrEqual(19 * (BLOCKS - 1));
    reader.close();
  });

  it('is one chunk of memory, however large the values are that a slow reader does not take', async () => {
    const chain = docs();
    const { alice } = chain.ledger;
    const large = 'x'.repeat(60_000);
    while (chain.blocks.length < LARGE) chain.append([alice, [put('large', large), put('larger', large)]]);
    await using harness = await serve(chain, { limits: { readMicrosPerSecond: 1e6 } });
    const query = '/v1/events?after=5:1&types=transaction&namespace=docs';
    const slow = await EventReader.open(harness, query);
    const fast = await EventReader.open(harness, query);
    await fast.take(LARGE - 5);
    fast.close();
    // What the slow one was sent fits into the buffers of its connection.
    expect(harness.gateway.reads).toBeLessThan(1.8 * LARGE);
    expect(idsOf(await slow.take(LARGE - 5))).toEqual(Array.from({ length: LARGE - 5 }, (_, i) => `${i + 6}:0`));
    slow.close();
  });
});

/** Lets each search take so long. */
function chargeSearches(gateway: MemoryGateway, micros: number): void {
  const search = gateway.blockWith.bind(gateway);
  gateway.blockWith = (...asked) => {
    gateway.readingMicros += micros;
    return search(...asked);
  };
}
