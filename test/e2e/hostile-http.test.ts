import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_MEDIA_TYPE, JSON_MEDIA_TYPE, SSZ_MEDIA_TYPE } from '../../src/api/batch.ts';
import { hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { residentMib } from './memory.ts';
import { codeOf, eventually, portOf, RawConnection } from './raw-http.ts';
import { Traffic } from './traffic.ts';
import { TestnetFolder, type Up } from './trefoil.ts';

/** What 2048 connections take at once, and a heap that V8 is slow to give back. */
const GROWTH_MIB_MAX = 512;

/** The HTTP interface of the primary under attack, while others pay one another through two of its peers. */
describe('the HTTP port of a primary', () => {
  const folder = new TestnetFolder();
  let up: Up;
  let traffic: Traffic;
  let url: string;
  let port: number;
  let memoryBefore: number | undefined;
  const memory = (): number | undefined => residentMib(present(up.nodes[0], 'the primary').pid);

  beforeAll(async () => {
    up = await folder.json<Up>('testnet', 'up', '--detach');
    url = present(up.nodes[0], 'the primary').http;
    port = portOf(url);
    const urls = up.nodes.slice(1, 3).map(({ http }) => http);
    traffic = new Traffic({ chainId: hash(up.chainId), urls, ed25519: await selectEd25519() });
    await traffic.progress();
    memoryBefore = memory();
  });
  afterAll(async () => {
    await traffic?.stop();
    await folder[Symbol.asyncDispose]();
  });

  /** It is ready, and commits go on. */
  afterEach(async () => {
    await traffic.progress();
    await eventually('the node is ready', async () => (await fetch(`${url}/readyz`)).ok);
  });

  const head = (more: string, type: string): string =>
    `POST /v1/transactions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: ${type}\r\n${more}`;

  it.each([
    ['JSON that is cut short', JSON_MEDIA_TYPE, '{"transaction":', 400, 'MALFORMED_JSON'],
    ['JSON of something else', JSON_MEDIA_TYPE, '[[[[[[[[]]]]]]]]', 400, 'BAD_REQUEST'],
    ['SSZ garbage', SSZ_MEDIA_TYPE, Buffer.alloc(300, 0xff), 400, 'MALFORMED'],
    ['a batch of garbage', BATCH_MEDIA_TYPE, Buffer.alloc(3000, 0xff), 400, 'MALFORMED'],
    ['a batch that declares too much', BATCH_MEDIA_TYPE, Buffer.from([0xfc, 0xff, 0xff, 0x7f]), 400, 'MALFORMED'],
    ['text', 'text/plain', 'give me money', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['10 MB', BATCH_MEDIA_TYPE, Buffer.alloc(10_000_000), 413, 'BODY_TOO_LARGE'],
  ])('refuses a body of %s', async (_what, type, body, status, code) => {
    const connection = await RawConnection.open(port, head(`Content-Length: ${body.length}\r\n\r\n`, type));
    connection.socket.write(body);
    await eventually('the answer', async () => codeOf(connection.received) !== undefined);
    connection.destroy();
    expect([connection.received.slice(0, 12), codeOf(connection.received)]).toEqual([`HTTP/1.1 ${status}`, code]);
  });

  it.each([
    [
      'a foreign Host',
      'GET /v1/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      'HOST_NOT_ALLOWED',
    ],
    ['two Hosts', 'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', 'HOST_NOT_ALLOWED'],
    ['bytes that are no HTTP', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 'MALFORMED_HTTP'],
    ['headers without end', `GET /livez HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, 'HEADERS_TOO_LARGE'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n',
      'MALFORMED_HTTP',
    ],
  ])('refuses %s', async (_what, bytes, code) => {
    const connection = await RawConnection.open(port, bytes);
    expect(codeOf(await connection.closed)).toBe(code);
  });

  it('refuses a page of another site', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await fetch(`${url}/v1/status`, { headers });
      expect(await answer.json()).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED', status: 403 });
    }
  });

  it('answers what came before the junk in a pipeline, and nothing after it', async () => {
    const good = `GET /livez HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    const connection = await RawConnection.open(port, `${good.repeat(3)}\u0000junk\r\n\r\n${good.repeat(1000)}`);
    const answer = await connection.closed;
    expect(answer.match(/\{"live":true\}/g)?.length ?? 0).toBeLessThanOrEqual(3);
    expect(codeOf(answer) ?? 'MALFORMED_HTTP').toBe('MALFORMED_HTTP');
  });

  it('does not keep answers for a pipeline that nobody reads', async () => {
    const asked = `GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`.repeat(500);
    const greedy = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(port)));
    for (const { socket } of greedy) socket.pause().write(asked);
    await traffic.progress();
    for (const connection of greedy) connection.destroy();
  });

  it('closes three thousand idle connections, and serves others then', async () => {
    const idle: RawConnection[] = [];
    // In waves: what overflows the system's queue of new connections is never told to the node, nor to us.
    for (let wave = 0; wave < 15; wave++) {
      idle.push(...(await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(port)))));
    }
    await traffic.progress();
    const answers = await Promise.all(idle.map(({ closed }) => closed));
    // Those above the limit were closed at once, without a word.
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['REQUEST_TIMEOUT', undefined]));
  });

  it('stands slow clients and readers that never read, both at once', async () => {
    const slow = await Promise.all([
      ...Array.from({ length: 50 }, () => RawConnection.open(port, 'GET /livez HTTP/1.1\r\nX: ')),
      ...Array.from({ length: 50 }, () =>
        RawConnection.open(port, head('Content-Length: 300\r\n\r\n', SSZ_MEDIA_TYPE)),
      ),
    ]);
    const verdicts = Promise.all(slow.map((connection) => connection.drip(500)));

    const readers = await Promise.all(
      Array.from({ length: 200 }, () =>
        RawConnection.open(port, `GET /v1/events?after=0:0 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
      ),
    );
    const refused = (): number => readers.filter(({ received }) => codeOf(received) === 'TOO_MANY_STREAMS').length;
    await eventually('streams above the limit are refused', async () => refused() === 200 - 64);
    for (const { socket } of readers) socket.pause();

    expect(new Set((await verdicts).map(codeOf))).toEqual(new Set(['REQUEST_TIMEOUT']));
    for (const connection of readers) connection.destroy();
  });

  it('needs no more memory for all that than an honest day takes', async ({ annotate }) => {
    const after = memory();
    await annotate(`${memoryBefore?.toFixed(0)} MiB before, ${after?.toFixed(0)} MiB after`);
    if (memoryBefore !== undefined && after !== undefined) expect(after - memoryBefore).toBeLessThan(GROWTH_MIB_MAX);
  });
});
