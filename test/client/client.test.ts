import { describe, expect, it } from 'vitest';
import { batchCodec } from '../../src/api/batch.ts';
import { problem } from '../../src/api/problems.ts';
import { address, hash } from '../../src/base/brand.ts';
import { Client } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/errors.ts';
import { Wallet } from '../../src/client/wallet.ts';
import { FakeNode, hangUp, type Handler, json } from './server.ts';

const chainId = hash('c1'.repeat(32));
const bob = address('b0'.repeat(32));
const wallet = new Wallet(new Uint8Array(32).fill(1));
const signed = wallet.transfer({ chainId, nonce: 0, to: bob, amount: 5n });
const pending = { id: signed.id, status: 'pending' };
const rejected = { id: signed.id, status: 'rejected', code: 'EXPIRED' };
const account = { address: 'tre1xyz', balance: '18446744073709551615', nonce: 2, pendingNonce: 3, height: 7 };

const refuse = (code: Parameters<typeof problem>[0], headers?: Record<string, string>): Handler =>
  json(problem(code, 'this time').status, problem(code, 'this time'), headers);

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClientError)) throw new Error(`expected a ClientError, got ${String(error)}`);
  return error;
}

describe('a client', () => {
  it('submits the signed bytes as they are', async () => {
    await using node = new FakeNode(json(202, pending));
    const client = new Client({ urls: [await node.start()] });
    expect(await client.submit(signed.bytes)).toEqual(pending);
    expect(node.received[0]).toMatchObject({ method: 'POST', path: '/v1/transactions' });
    expect(node.received[0]?.headers['content-type']).toBe('application/octet-stream');
    expect(node.received[0]?.body.equals(signed.bytes)).toBe(true);
  });

  it('asks the node to wait no longer than is left', async () => {
    await using node = new FakeNode(hangUp, json(202, pending));
    const client = new Client({ urls: [await node.start()] });
    await client.submit(signed.bytes, 5_000);
    const waits = node.received.map(({ path }) => Number(/wait=committed&timeout=(\d+)ms$/.exec(path)?.[1]));
    expect(waits[0]).toBeLessThanOrEqual(5_000);
    expect(waits[1]).toBeLessThan(waits[0] ?? 0);
  });

  it('submits a batch and gives one result for each, in order', async () => {
    const second = wallet.transfer({ chainId, nonce: 1, to: bob, amount: 6n });
    const results = [pending, { id: second.id, code: 'NONCE_TOO_HIGH', detail: 'nonce 1, expected 0' }];
    await using node = new FakeNode(json(200, { results }));
    const client = new Client({ urls: [await node.start()] });
    expect(await client.submitBatch([signed.bytes, second.bytes])).toEqual(results);
    const body = batchCodec.decode(new Uint8Array(node.received[0]?.body ?? []));
    expect(body).toMatchObject({ ok: true, value: [signed.bytes, second.bytes] });
  });

  it('gives balances exactly', async () => {
    await using node = new FakeNode(json(200, account));
    const client = new Client({ urls: [await node.start()] });
    expect((await client.account('tre1xyz')).balance).toBe(2n ** 64n - 1n);
  });

  it('takes "not ready" as an answer', async () => {
    const reasons = [{ code: 'QUORUM_MISSING', detail: '2 of 3' }];
    await using node = new FakeNode(json(503, { ...problem('NOT_READY', '2 of 3'), ready: false, reasons }));
    const client = new Client({ urls: [await node.start()] });
    expect(await client.ready()).toMatchObject({ ready: false, reasons });
    expect(node.received).toHaveLength(1);
  });

  it('waits for a transaction until it is final', async () => {
    await using node = new FakeNode(
      json(200, { ...pending, status: 'unknown' }),
      json(200, pending),
      json(200, rejected),
    );
    const client = new Client({ urls: [await node.start()] });
    expect(await client.waitFor(signed.id, 60_000)).toEqual(rejected);
    expect(node.received).toHaveLength(3);
  });

  it('says what is known when the time to wait is over', async () => {
    await using node = new FakeNode(json(200, pending));
    const client = new Client({ urls: [await node.start()] });
    expect(await client.waitFor(signed.id, 30)).toEqual(pending);
  });
});

describe('a client tries again', () => {
  const later: readonly (readonly [string, Handler])[] = [
    ['when the connection breaks', hangUp],
    ['on 429', refuse('SENDER_LIMIT', { 'retry-after': '0' })],
    ['on 503', refuse('MEMPOOL_FULL')],
    ["on a proxy's 502 that is not JSON", (_, response) => void response.writeHead(502).end('<html>')],
    ["on a proxy's 504", (_, response) => void response.writeHead(504).end()],
  ];
  it.each(later)('%s, with the same bytes', async (_, handler) => {
    await using node = new FakeNode(handler, json(202, pending));
    const client = new Client({ urls: [await node.start()] });
    expect(await client.submit(signed.bytes)).toEqual(pending);
    expect(node.received).toHaveLength(2);
    expect(node.received.every(({ body }) => body.equals(signed.bytes))).toBe(true);
  });

  it('when the node is silent for too long', async () => {
    await using node = new FakeNode(() => undefined, json(202, pending));
    const client = new Client({ urls: [await node.start()], timeoutMs: 200 });
    expect(await client.submit(signed.bytes)).toEqual(pending);
  });

  it('with the next node at once, and stays with the one that answers', async () => {
    await using first = new FakeNode(refuse('STOPPING', { 'retry-after': '30' }));
    await using second = new FakeNode(json(200, account));
    const client = new Client({ urls: [await first.start(), await second.start()] });
    await client.account('tre1xyz');
    await client.account('tre1xyz');
    expect([first.received.length, second.received.length]).toEqual([1, 2]);
  });

  it('not before the node asked for', async () => {
    await using node = new FakeNode(refuse('MEMPOOL_FULL', { 'retry-after': '1' }), json(202, pending));
    const client = new Client({ urls: [await node.start()] });
    const startedMs = performance.now();
    await client.submit(signed.bytes);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
  });

  it('never when the node refuses, and hands on its problem', async () => {
    await using node = new FakeNode(refuse('NONCE_TOO_LOW'));
    const client = new Client({ urls: [await node.start()] });
    const error = await failure(client.submit(signed.bytes));
    expect(error).toMatchObject({ code: 'NONCE_TOO_LOW', message: 'this time', problem: { status: 409 } });
    expect(error.hint).toContain('pendingNonce');
    expect(node.received).toHaveLength(1);
  });

  it('a bounded number of times', async () => {
    await using node = new FakeNode(refuse('MEMPOOL_FULL'));
    const client = new Client({ urls: [await node.start()] });
    expect((await failure(client.submit(signed.bytes))).code).toBe('MEMPOOL_FULL');
    expect(node.received).toHaveLength(5);
  });

  it('and says UNREACHABLE and where when nobody is there', async () => {
    const node = new FakeNode();
    const url = await node.start();
    await node[Symbol.asyncDispose]();
    const error = await failure(new Client({ urls: [url] }).status());
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toContain(url);
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('a client does not believe', () => {
  const lies: readonly (readonly [string, Handler])[] = [
    ['an answer for another transaction', json(202, { ...pending, id: '00'.repeat(32) })],
    ['an answer of another shape', json(202, { ...pending, status: 'finalised' })],
    ['an answer that is not JSON', (_, response) => void response.writeHead(200).end('<html>')],
    ['a failure that is no problem of the interface', json(404, { error: 'nginx' })],
  ];
  it.each(lies)('%s', async (_, handler) => {
    await using node = new FakeNode(handler);
    const client = new Client({ urls: [await node.start()] });
    expect((await failure(client.submit(signed.bytes))).code).toBe('BAD_RESPONSE');
  });

  it('an endless answer', async () => {
    await using node = new FakeNode((_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    const client = new Client({ urls: [await node.start()] });
    expect(await failure(client.status())).toMatchObject({
      code: 'BAD_RESPONSE',
      message: expect.stringContaining('longer'),
    });
  });

  it('a redirect', async () => {
    await using elsewhere = new FakeNode(json(200, account));
    const url = await elsewhere.start();
    await using node = new FakeNode((_, response) => void response.writeHead(302, { location: `${url}/` }).end());
    await failure(new Client({ urls: [await node.start()] }).account('tre1xyz'));
    expect(elsewhere.received).toHaveLength(0);
  });

  it.each(['', 'node', 'ftp://127.0.0.1', 'http://127.0.0.1/?a=b'])('that "%s" is the URL of a node', (url) => {
    expect(() => new Client({ urls: [url] })).toThrow(ClientError);
  });
});
