/** Blocks that are large, asked for by many: rendered in slices, once, and never a reason to wait for anybody else. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { Blocks } from '../../src/rpc/blocks.ts';
import { DEFAULT_LIMITS, readTurns, type ServerLimits, UNCERTIFIED_MS } from '../../src/rpc/limits.ts';
import { createRenderer } from '../../src/rpc/render.ts';
import { Turns } from '../../src/rpc/turns.ts';
import { start } from './harness.ts';
import { bytesOf, MemoryGateway, PREFIX } from './memory-gateway.ts';

const LARGE = 2_000;

/** Blocks with so many transactions each. */
async function sealed(gateway: MemoryGateway, ...sizes: readonly number[]): Promise<void> {
  let nonce = 0;
  for (const size of sizes) {
    for (let i = 0; i < size; i++) await gateway.submit([bytesOf(nonce++)]);
    gateway.seal();
  }
}

function blocksOf(gateway: MemoryGateway, over: Partial<ServerLimits> = {}) {
  const limits = { ...DEFAULT_LIMITS, readMicrosPerSecond: 1e6, ...over };
  const turns = new Turns(readTurns(limits), () => gateway.readMicros());
  return new Blocks(gateway, createRenderer(PREFIX), turns, limits);
}

async function found(blocks: Blocks, at: number): Promise<string> {
  const rendered = await blocks.find(height(at), 'somebody');
  if (rendered === undefined || rendered === 'busy') throw new Error(`block ${at}: ${rendered}`);
  return Buffer.from(rendered.bytes).toString();
}

describe('the JSON of a block', () => {
  it.each([0, 1, 15, 16, 17, LARGE])('of %i transactions is that of the whole', async (size) => {
    const gateway = new MemoryGateway();
    await sealed(gateway, size);
    const block = present(gateway.blocks.get(1), 'the block');
    const { blockFrame, blockTransaction } = createRenderer(PREFIX);
    const transactions = block.record.receipts.map(blockTransaction);
    expect(await found(blocksOf(gateway), 1)).toBe(JSON.stringify({ ...blockFrame(block), transactions }));
  });

  it('is made in slices, between which everything else goes on', async () => {
    const gateway = new MemoryGateway();
    await sealed(gateway, LARGE);
    let done = false;
    let turnsOfTheLoop = 0;
    const making = found(blocksOf(gateway), 1).then(() => (done = true));
    for (; !done; turnsOfTheLoop++) await turn();
    await making;
    expect(turnsOfTheLoop).toBeGreaterThan(3);
  });

  it('is made once for all who ask, at the same time or later', async () => {
    await using harness = await start();
    await sealed(harness.gateway, LARGE);
    const answers = await Promise.all(Array.from({ length: 100 }, () => harness.ask('/v1/blocks/1')));
    expect(harness.gateway.reads).toBe(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect((await harness.ask('/v1/blocks/latest')).text).toBe(answers[0]?.text);
    expect(harness.gateway.reads).toBe(1);
  });

  it('without a certificate is made again, as it may have one by then', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const gateway = new MemoryGateway();
      await sealed(gateway, 1);
      const block = present(gateway.blocks.get(1), 'the block');
      gateway.blocks.set(1, { ...block, certificate: null });
      const blocks = blocksOf(gateway);
      expect(JSON.parse(await found(blocks, 1))).toMatchObject({ certificate: null });
      gateway.blocks.set(1, block);
      vi.advanceTimersByTime(UNCERTIFIED_MS);
      expect(JSON.parse(await found(blocks, 1))).toMatchObject({ certificate: { height: 1 } });
    } finally {
      vi.useRealTimers();
    }
  });

  it('that is not there, or cannot be read, is asked for again', async () => {
    const gateway = new MemoryGateway();
    const blocks = blocksOf(gateway);
    expect(await blocks.find(height(1), 'somebody')).toBe(undefined);
    gateway.failure = new Error('the disk is on fire');
    await expect(blocks.find(height(1), 'somebody')).rejects.toThrow('fire');
    gateway.failure = undefined;
    await sealed(gateway, 1);
    expect(JSON.parse(await found(blocks, 1))).toMatchObject({ height: 1 });
  });

  it('makes room for that of another', async () => {
    const gateway = new MemoryGateway();
    await sealed(gateway, ...Array.from({ length: 20 }, () => 100));
    const size = (await found(blocksOf(gateway), 1)).length;
    const blocks = blocksOf(gateway, { blockBytesMax: 3.5 * size });
    for (const at of [1, 2, 3, 1, 4]) await found(blocks, at);
    const { reads } = gateway;
    // The second is the one that was used longest ago.
    for (const at of [1, 3, 4]) await found(blocks, at);
    expect(gateway.reads).toBe(reads);
    await found(blocks, 2);
    expect(gateway.reads).toBe(reads + 1);
  });
});

describe('readers that do not read', () => {
  it('of different blocks hold no more memory than there is for blocks, and the others still get what is kept', async () => {
    await using harness = await start({ limits: { blockBytesMax: 1_000_000, readMicrosPerSecond: 1e6 } });
    await sealed(harness.gateway, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, 1);
    const idle = [1, 2, 3, 4, 5, 6].map(async (at) => {
      const connection = await harness.connect();
      connection.socket.pause();
      const request = `GET /v1/blocks/${at} HTTP/1.1\r\nHost: 127.0.0.1:${harness.port}\r\n\r\n`;
      // More than the buffers of the system take.
      connection.socket.write(request.repeat(20));
      return connection;
    });
    const connections = await Promise.all(idle);
    await vi.waitFor(
      async () => {
        expect((await harness.ask('/v1/blocks/7')).status).toBe(503);
      },
      { timeout: 10_000 },
    );
    expect((await harness.ask('/livez')).status).toBe(200);
    for (const { socket } of connections) socket.destroy();
    await vi.waitFor(async () => expect((await harness.ask('/v1/blocks/7')).status).toBe(200), { timeout: 10_000 });
  });
});

describe('the status', () => {
  it('is made once in a tick, and anew as soon as a block is final', async () => {
    await using harness = await start();
    const status = vi.spyOn(harness.gateway, 'status');
    await Promise.all(Array.from({ length: 50 }, () => harness.ask('/v1/status')));
    expect(status.mock.calls.length).toBeLessThan(25);
    await harness.gateway.submit([bytesOf(0)]);
    harness.gateway.seal();
    expect((await harness.ask('/v1/status')).json()).toMatchObject({ certifiedHeight: 1 });
  });
});
