import { describe, expect, it } from 'vitest';
import { CLOSING_EVENT } from '../../src/api/events.ts';
import { WINDOW_MAX } from '../../src/ledger/limits.ts';
import { EventReader, type Harness, start, until } from './harness.ts';
import { bytesOf, type MemoryGateway } from './memory-gateway.ts';

/** Blocks with that many transactions each. */
async function seal(gateway: MemoryGateway, ...sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    const first = [...gateway.blocks.values()].reduce((sum, { record }) => sum + record.receipts.length, 0);
    await gateway.submit(Array.from({ length: size }, (_, index) => bytesOf(first + index)));
    gateway.seal();
  }
}

const times = (count: number, size: number): number[] => Array.from({ length: count }, () => size);

const idsOf = (events: readonly { readonly id?: string }[]): (string | undefined)[] => events.map(({ id }) => id);

async function idsFrom(
  harness: Harness,
  count: number,
  path?: string,
  headers?: Record<string, string>,
): Promise<(string | undefined)[]> {
  const reader = await EventReader.open(harness, path, headers);
  const events = await reader.take(count);
  reader.close();
  return idsOf(events);
}

describe('the stream of events', () => {
  it('tells of each transaction of a block and then of the block', async () => {
    await using harness = await start();
    await seal(harness.gateway, 3);
    const reader = await EventReader.open(harness);
    expect(reader.response.headers['content-type']).toBe('text/event-stream');
    await seal(harness.gateway, 2, 0);
    const events = await reader.take(4);
    expect(events.map(({ id, event }) => [id, event])).toEqual([
      ['2:0', 'transaction'],
      ['2:1', 'transaction'],
      ['2:2', 'block'],
      ['3:0', 'block'],
    ]);
    expect(events[1]?.data).toMatchObject({ status: 'committed', height: 2, index: 1, receipt: { code: 'OK' } });
    expect(events[2]?.data).toEqual({
      height: 2,
      hash: harness.gateway.blocks.get(2)?.hash,
      epoch: 0,
      timestampMs: 2000,
      proposer: 0,
      transactions: 2,
    });
  });

  it.each([
    ['1:0', ['1:1', '1:2', '2:0', '2:1', '3:0']],
    ['1:1', ['1:2', '2:0', '2:1', '3:0']],
    ['1:2', ['2:0', '2:1', '3:0']],
    ['2:1', ['3:0']],
    ['0:0', ['1:0', '1:1', '1:2', '2:0', '2:1', '3:0']],
  ])('goes on after %s without a gap, from the store', async (last, wanted) => {
    await using harness = await start();
    await seal(harness.gateway, 2, 1, 0);
    expect(await idsFrom(harness, wanted.length, '/v1/events', { 'last-event-id': last })).toEqual(wanted);
    expect(await idsFrom(harness, wanted.length, `/v1/events?after=${last}`)).toEqual(wanted);
  });

  it('is the same whether a client stays or comes back after every event', async () => {
    await using harness = await start();
    await seal(harness.gateway, 2, 0, 3);
    const stayed = await idsFrom(harness, 8, '/v1/events?after=0:0');
    const returned: string[] = [];
    while (returned.length < 8) {
      const [id] = await idsFrom(harness, 1, '/v1/events', { 'last-event-id': returned.at(-1) ?? '0:0' });
      returned.push(id ?? 'nothing');
    }
    expect(returned).toEqual(stayed);
  });

  it('passes from the store to what happens now without a gap', async () => {
    await using harness = await start();
    await seal(harness.gateway, ...times(30, 2));
    const reader = await EventReader.open(harness, '/v1/events?after=0:0&types=block');
    const events = await reader.take(10);
    await seal(harness.gateway, ...times(30, 1));
    events.push(...(await reader.take(50)));
    expect(events.map(({ data }) => (data as { height: number }).height)).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });

  it('tells only of what is asked for', async () => {
    await using harness = await start();
    await seal(harness.gateway, 2, 1);
    expect(await idsFrom(harness, 2, '/v1/events?after=0:0&types=block')).toEqual(['1:2', '2:1']);
    expect(await idsFrom(harness, 3, '/v1/events?after=0:0&types=transaction')).toEqual(['1:0', '1:1', '2:0']);
  });

  it.each(['types=news', 'types=', 'after=1', 'after=-1:0', 'after=1:8193', 'after=1e9:0', 'since=1:0'])(
    'refuses "%s"',
    async (query) => {
      await using harness = await start();
      expect((await harness.ask(`/v1/events?${query}`)).status).toBe(400);
    },
  );

  it('keeps silent streams alive', async () => {
    await using harness = await start({ limits: { heartbeatMs: 10 } });
    const reader = await EventReader.open(harness);
    await reader.comment('heartbeat');
    reader.close();
  });
});

describe('a client that was at a node further ahead', () => {
  it.each([
    ['by a block', '3:1', ['4:0']],
    ['by part of a block', '3:0', ['3:1', '4:0']],
  ])('%s is told what it has not seen, once, when it happens', async (_, last, wanted) => {
    await using harness = await start();
    await seal(harness.gateway, 0, 0);
    const reader = await EventReader.open(harness, '/v1/events', { 'last-event-id': last });
    await seal(harness.gateway, 1, 0);
    expect(idsOf(await reader.take(wanted.length))).toEqual(wanted);
  });

  const READY: MemoryGateway['reasons'] = [];
  const BEHIND: MemoryGateway['reasons'] = [{ code: 'CATCHING_UP', detail: 'at height 2 of 900, 898 behind' }];
  it.each([
    ['the newest event', '2:0', READY, 200, undefined],
    ['the next', '3:0', READY, 200, undefined],
    ['the furthest that validators are apart', `${2 + WINDOW_MAX}:0`, READY, 200, undefined],
    ['one further', `${3 + WINDOW_MAX}:0`, READY, 409, 'EVENT_ID_AHEAD'],
    ['the furthest there is', '999999999999999:8192', READY, 409, 'EVENT_ID_AHEAD'],
    ['one that a node which catches up will reach soon', `${2 + WINDOW_MAX}:0`, BEHIND, 200, undefined],
    ['one that a node which catches up will reach later', `${3 + WINDOW_MAX}:0`, BEHIND, 503, 'NOT_READY'],
  ])('is answered at %s, %s: %j', async (_, last, reasons, status, code) => {
    await using harness = await start();
    await seal(harness.gateway, 0, 0);
    harness.gateway.reasons = reasons;
    const reader = await EventReader.open(harness, `/v1/events?after=${last}`);
    expect(reader.response.statusCode).toBe(status);
    reader.close();
    if (code === undefined) return;
    const answer = await harness.ask('/v1/events', { headers: { 'last-event-id': last } });
    expect(answer.json()).toMatchObject({ code, status });
    expect((answer.json() as { detail: string }).detail).toContain('the newest final height here is 2');
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
  });
});

describe('the end of a stream', () => {
  it('says that no block is there any more', async () => {
    await using harness = await start();
    await seal(harness.gateway, 1, 1, 1);
    for (const height of [2, 3]) harness.gateway.blocks.delete(height);
    const reader = await EventReader.open(harness, '/v1/events?after=0:0');
    const events = await reader.take(9);
    expect(events.map(({ event }) => event)).toEqual(['transaction', 'block', CLOSING_EVENT]);
    expect(events[2]).toMatchObject({ data: { code: 'BLOCK_NOT_FOUND' } });
    expect(events[2]).not.toHaveProperty('id');
  });

  it('says that the node is stopping', async () => {
    const harness = await start();
    const reader = await EventReader.open(harness);
    await harness.server.close();
    expect(await reader.take(9)).toMatchObject([{ event: CLOSING_EVENT, data: { code: 'STOPPING' } }]);
    expect(harness.gateway.listeners).toBe(0);
  });

  it('says that the store failed, but not how', async () => {
    await using harness = await start();
    await seal(harness.gateway, 1);
    harness.gateway.failure = new Error('the disk is on fire');
    const reader = await EventReader.open(harness, '/v1/events?after=0:0');
    const [closing] = await reader.take(9);
    expect(closing).toMatchObject({ event: CLOSING_EVENT, data: { code: 'INTERNAL' } });
    expect(JSON.stringify(closing)).not.toContain('fire');
    harness.gateway.failure = undefined;
    expect(await idsFrom(harness, 2, '/v1/events?after=0:0')).toEqual(['1:0', '1:1']);
  });

  it('gives its place to another', async () => {
    await using harness = await start({ limits: { streamsMax: 1 } });
    const first = await EventReader.open(harness);
    expect((await harness.ask('/v1/events')).status).toBe(503);
    first.close();
    let second = await EventReader.open(harness);
    while (second.response.statusCode !== 200) second = await EventReader.open(harness);
    await seal(harness.gateway, 0);
    expect(idsOf(await second.take(1))).toEqual(['1:0']);
  });
});

describe('a reader that does not read', () => {
  const BLOCKS = 400;
  const SIZE = 100;
  const subscribe = '/v1/events?after=0:0';

  it('is left where it stands, while others go on, and then reads all without a gap', async () => {
    await using harness = await start({ limits: { heartbeatMs: 10 } });
    await seal(harness.gateway, ...times(BLOCKS, SIZE));
    const slow = await EventReader.open(harness, subscribe);
    const fast = await EventReader.open(harness, subscribe);
    await fast.take(BLOCKS * (SIZE + 1));
    fast.close();
    // The fast one read each block once; beyond those, the slow one took what fits into buffers.
    expect(harness.gateway.reads).toBeLessThan(2 * BLOCKS);
    const events = await slow.take(BLOCKS * (SIZE + 1));
    const gap = events.findIndex(({ id }, at) => id !== `${Math.floor(at / (SIZE + 1)) + 1}:${at % (SIZE + 1)}`);
    expect({ gap, count: events.length }).toEqual({ gap: -1, count: BLOCKS * (SIZE + 1) });
    slow.close();
  });

  it('is closed when nothing moves for long', async () => {
    await using harness = await start({
      limits: { stallMs: 200, heartbeatMs: 10, streamsMax: 1, readMicrosPerSecond: 1e6 },
    });
    await seal(harness.gateway, ...times(BLOCKS, SIZE));
    const { socket, closed } = await harness.connect();
    socket.pause();
    socket.write(`GET ${subscribe} HTTP/1.1\r\nHost: 127.0.0.1:${harness.port}\r\n\r\n`);
    await until(() => harness.gateway.reads > 0);
    // Its place is free again once it is closed.
    let next = await EventReader.open(harness);
    while (next.response.statusCode !== 200) next = await EventReader.open(harness);
    next.close();
    socket.resume();
    const received = await closed;
    expect(received).toContain('id: 1:0');
    expect(received).not.toContain(`id: ${BLOCKS}:${SIZE}`);
  });
});
