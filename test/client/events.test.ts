import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { problem } from '../../src/api/problems.ts';
import { Client } from '../../src/client/client.ts';
import { start } from '../rpc/harness.ts';
import { FakeNode, type Handler, hangUp, json } from './server.ts';

const block = (height: number) => {
  const data = { height, hash: 'ab'.repeat(32), epoch: 0, timestampMs: 1, proposer: 0, transactions: 0 };
  return `id: ${height}:0\nevent: block\ndata: ${JSON.stringify(data)}\n\n`;
};

const stream =
  (text: string, then: (response: ServerResponse) => void = (response) => response.end()): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => then(response));
  };

async function heights(client: Client, count: number, after = '0:0'): Promise<number[]> {
  const seen: number[] = [];
  for await (const event of client.events({ after, types: ['block'] })) {
    if (event.kind === 'block') seen.push(event.block.height);
    if (seen.length === count) break;
  }
  return seen;
}

const lastEventIds = (node: FakeNode) => node.received.map(({ headers }) => headers['last-event-id']);

describe('events', () => {
  it('go on after a lost connection, right after the last one seen', async () => {
    await using node = new FakeNode(
      stream(block(1) + block(2), (response) => response.destroy()),
      hangUp,
      stream(block(3)),
    );
    const client = new Client({ urls: [await node.start()] });
    expect(await heights(client, 3)).toEqual([1, 2, 3]);
    expect(lastEventIds(node)).toEqual(['0:0', '2:0', '2:0']);
    expect(node.received[0]?.path).toBe('/v1/events?types=block');
  });

  it('go on with another node', async () => {
    await using first = new FakeNode(stream(block(1), (response) => response.destroy()));
    await using second = new FakeNode(stream(block(2)));
    const client = new Client({ urls: [await first.start(), await second.start()] });
    expect(await heights(client, 2)).toEqual([1, 2]);
    expect(lastEventIds(second)).toEqual(['1:0']);
  });

  it('come once, also when a node repeats them', async () => {
    await using node = new FakeNode(stream(block(1) + block(1) + block(2)), stream(block(1) + block(3)));
    expect(await heights(new Client({ urls: [await node.start()] }), 3)).toEqual([1, 2, 3]);
  });

  it('arrive whole when they come in pieces', async () => {
    const [head, tail] = [block(1).slice(0, 25), block(1).slice(25)];
    await using node = new FakeNode(stream(`: hello\n\n${head}`, (response) => response.end(tail)));
    expect(await heights(new Client({ urls: [await node.start()] }), 1)).toEqual([1]);
  });

  it('go on when a node says that it closes the stream', async () => {
    const closing = `event: closing\ndata: ${JSON.stringify(problem('STOPPING', 'bye'))}\n\n`;
    await using node = new FakeNode(
      stream(closing, () => undefined),
      stream(block(1)),
    );
    expect(await heights(new Client({ urls: [await node.start()] }), 1)).toEqual([1]);
  });

  const ahead = json(409, problem('EVENT_ID_AHEAD', 'not so far'));
  const behind = json(503, problem('NOT_READY', 'catching up'), { 'retry-after': '0' });

  it.each([
    ['says that it has not got so far', ahead],
    ['says that it is behind', behind],
  ])('go on with another node when one %s', async (_, answer) => {
    await using first = new FakeNode(
      stream(block(1), (response) => response.destroy()),
      stream(block(2), (response) => response.destroy()),
      stream(block(3)),
    );
    await using second = new FakeNode(answer);
    const client = new Client({ urls: [await first.start(), await second.start()] });
    expect(await heights(client, 3)).toEqual([1, 2, 3]);
    expect(lastEventIds(first)).toEqual(['0:0', '1:0', '2:0']);
    expect(new Set(lastEventIds(second))).toEqual(new Set(['1:0', '2:0']));
  });

  it('go on with the same node once it has got so far', async () => {
    await using node = new FakeNode(ahead, ahead, behind, stream(block(8)));
    const client = new Client({ urls: [await node.start()] });
    expect(await heights(client, 1, '7:0')).toEqual([8]);
    expect(lastEventIds(node)).toEqual(['7:0', '7:0', '7:0', '7:0']);
  });

  it('go on however often a node had to get so far first', async () => {
    await using node = new FakeNode(ahead, ahead, stream(block(1)), ahead, ahead, stream(block(2)));
    expect(await heights(new Client({ urls: [await node.start()] }), 2)).toEqual([1, 2]);
  });

  it('end when all nodes keep saying that nobody has got so far', async () => {
    await using first = new FakeNode(ahead);
    await using second = new FakeNode(ahead);
    const client = new Client({ urls: [await first.start(), await second.start()] });
    await expect(heights(client, 1, '900:0')).rejects.toMatchObject({ code: 'EVENT_ID_AHEAD' });
    expect([first.received.length, second.received.length]).toEqual([3, 3]);
  });

  it('begin with now where no place is given', async () => {
    await using real = await start();
    const status: unknown = (await real.ask('/v1/status')).json();
    await using node = new FakeNode(json(200, { ...(status as object), certifiedHeight: 6 }), stream(block(7)));
    const client = new Client({ urls: [await node.start()] });
    for await (const event of client.events()) {
      expect(event.id).toBe('7:0');
      break;
    }
    expect(node.received.map(({ path }) => path)).toEqual(['/v1/status', '/v1/events?types=block,transaction']);
    expect(lastEventIds(node)).toEqual([undefined, '6:8192']);
  });

  it('end when the signal says so', async () => {
    const controller = new AbortController();
    await using node = new FakeNode(stream(block(1), () => undefined));
    const client = new Client({ urls: [await node.start()] });
    const seen: string[] = [];
    for await (const event of client.events({ after: '0:0', signal: controller.signal })) {
      seen.push(event.id);
      controller.abort();
    }
    expect(seen).toEqual(['1:0']);
  });

  const mistakes: readonly (readonly [string, Handler, string])[] = [
    ['a place that the node refuses', json(400, problem('BAD_EVENT_ID', 'no')), 'BAD_EVENT_ID'],
    ['an event of another shape', stream('id: 1:0\nevent: block\ndata: {"height":"1"}\n\n'), 'BAD_RESPONSE'],
    ['an event without id', stream('event: block\ndata: {}\n\n'), 'BAD_RESPONSE'],
    ['something else than a stream', json(200, {}), 'BAD_RESPONSE'],
    ['an endless event', stream(`data: ${'x'.repeat(2 * 1024 * 1024)}`, () => undefined), 'BAD_RESPONSE'],
  ];
  it.each(mistakes)('stop with an error at %s', async (_, handler, code) => {
    await using node = new FakeNode(handler);
    await expect(heights(new Client({ urls: [await node.start()] }), 1)).rejects.toMatchObject({ code });
  });
});
