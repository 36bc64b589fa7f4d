import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { BATCH_MEDIA_TYPE, SSZ_MEDIA_TYPE } from '../../src/api/batch.ts';
import { BATCH_BYTES_MAX, TRANSACTION_JSON_BYTES_MAX } from '../../src/api/limits.ts';
import { DROPPED_BYTES_MAX } from '../../src/rpc/limits.ts';
import { originCheck } from '../../src/rpc/origin.ts';
import { EventReader, type Harness, type RawConnection, start, until } from './harness.ts';
import { bytesOf } from './memory-gateway.ts';

const host = (harness: Harness): string => `Host: 127.0.0.1:${harness.port}\r\n`;

/** The node is well: it answers others. */
async function expectHealthy(harness: Harness): Promise<void> {
  expect((await harness.ask('/livez')).status).toBe(200);
}

const codeOf = (answer: string): string | undefined => /"code":"([A-Z_]+)"/.exec(answer)?.[1];

describe('a slow client', () => {
  const limits = { headersTimeoutMs: 60, requestTimeoutMs: 120, timeoutCheckMs: 20 };

  it.each([
    ['says nothing', () => ''],
    ['dawdles over its headers', (harness: Harness) => `GET /livez HTTP/1.1\r\n${host(harness)}X-A: `],
    [
      'dawdles over its body',
      (harness: Harness) =>
        `POST /v1/transactions HTTP/1.1\r\n${host(harness)}Content-Type: ${SSZ_MEDIA_TYPE}\r\nContent-Length: 300\r\n\r\nabc`,
    ],
    [
      'dawdles over a chunk',
      (harness: Harness) =>
        `POST /v1/transactions HTTP/1.1\r\n${host(harness)}Content-Type: ${SSZ_MEDIA_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc`,
    ],
  ])('that %s is answered 408 and closed', async (_case, bytes) => {
    await using harness = await start({ limits });
    const answer = await harness.raw(bytes(harness));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(codeOf(answer)).toBe('REQUEST_TIMEOUT');
    await expectHealthy(harness);
  });

  it('that keeps dripping bytes is closed all the same', async () => {
    await using harness = await start({ limits });
    const { socket, closed } = await harness.connect();
    socket.write(`GET /livez HTTP/1.1\r\n${host(harness)}X-A: `);
    const drip = setInterval(() => socket.write('a'), 5);
    const answer = await closed;
    clearInterval(drip);
    expect(codeOf(answer)).toBe('REQUEST_TIMEOUT');
  });
});

describe('an oversized request', () => {
  it('with headers over the limit is answered 431', async () => {
    await using harness = await start();
    const lines = Array.from({ length: 300 }, (_, index) => `X-${index}: ${'x'.repeat(50)}\r\n`).join('');
    const answer = await harness.raw(`GET /livez HTTP/1.1\r\n${host(harness)}${lines}\r\n`);
    expect(codeOf(answer)).toBe('HEADERS_TOO_LARGE');
    await expectHealthy(harness);
  });

  it('with a request line without end is answered 431', async () => {
    await using harness = await start();
    expect(codeOf(await harness.raw(`GET /${'x'.repeat(100_000)}`))).toBe('HEADERS_TOO_LARGE');
  });

  it('in chunks is cut off at the limit, not read to the end', async () => {
    await using harness = await start();
    const { socket, closed, received } = await harness.connect();
    const head = `Content-Type: ${BATCH_MEDIA_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    socket.write(`POST /v1/transactions HTTP/1.1\r\n${host(harness)}${head}`);
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    let sent = 0;
    const pour = (): void => {
      while (socket.writable && received() === '' && sent < 64 * 1024 * 1024) {
        sent += 0x8000;
        if (!socket.write(chunk)) return void socket.once('drain', pour);
      }
    };
    pour();
    expect(codeOf(await closed)).toBe('BODY_TOO_LARGE');
    expect(sent).toBeLessThan(BATCH_BYTES_MAX + 32 * 1024 * 1024);
    await expectHealthy(harness);
  });

  describe('that is refused while it is still being sent', () => {
    const head = (harness: Harness, length: number): string =>
      `POST /v1/transactions HTTP/1.1\r\n${host(harness)}Content-Type: ${BATCH_MEDIA_TYPE}\r\nContent-Length: ${length}\r\n\r\n`;
    /** Has heard why, and that no answer will follow, but sends on. */
    const refused = async (harness: Harness, length: number): Promise<RawConnection> => {
      const connection = await harness.connect({ allowHalfOpen: true });
      connection.socket.write(head(harness, length));
      await once(connection.socket, 'end');
      expect(codeOf(connection.received())).toBe('BODY_TOO_LARGE');
      return connection;
    };

    it('is read on to its end: a reset would take the answer from a client that has not read it yet', async () => {
      await using harness = await start();
      const { socket, errors, closed } = await refused(harness, 10_000_000);
      for (let sent = 0; sent < 10_000_000; sent += 1_000_000) {
        await new Promise((resolve) => socket.write(Buffer.alloc(1_000_000), resolve));
      }
      socket.end();
      await closed;
      expect(errors).toEqual([]);
    });

    it('is not read on for ever', async () => {
      await using harness = await start();
      const { socket, closed } = await refused(harness, 1e15);
      let sent = 0;
      const pour = (): void => {
        sent += 1_000_000;
        socket.write(Buffer.alloc(1_000_000), (error) => (error ? undefined : pour()));
      };
      pour();
      await closed;
      expect(sent).toBeLessThan(2 * DROPPED_BYTES_MAX);
      await expectHealthy(harness);
    });

    it('is not waited for longer than for any other', async () => {
      await using harness = await start({
        limits: { headersTimeoutMs: 60, requestTimeoutMs: 120, timeoutCheckMs: 20 },
      });
      const { socket, received, closed } = await refused(harness, 10_000_000);
      const drip = setInterval(() => socket.write('a'), 5);
      await closed;
      clearInterval(drip);
      expect(received().match(/HTTP\/1\.1/g)).toHaveLength(1);
    });
  });

  it('with chunk extensions without end is answered', async () => {
    await using harness = await start();
    const head = `Content-Type: ${SSZ_MEDIA_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const answer = await harness.raw(
      `POST /v1/transactions HTTP/1.1\r\n${host(harness)}${head}2;${'x'.repeat(20_000)}`,
    );
    expect(codeOf(answer)).toBe('BODY_TOO_LARGE');
  });

  it('as JSON has a limit of its own', async () => {
    await using harness = await start();
    const body = JSON.stringify({ transaction: 'x'.repeat(TRANSACTION_JSON_BYTES_MAX) });
    const answer = await harness.ask('/v1/transactions', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.json()).toMatchObject({ code: 'BODY_TOO_LARGE', status: 413 });
  });
});

describe('a malformed request', () => {
  it.each([
    ['two lengths', 'POST /v1/transactions HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    [
      'a length and chunks',
      'POST /v1/transactions HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a negative length', 'POST /v1/transactions HTTP/1.1\r\nContent-Length: -1\r\n\r\n'],
    [
      'a chunk length that is none',
      'POST /v1/transactions HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['a bare line feed in a header', 'GET /livez HTTP/1.1\r\nX: a\nb\r\n\r\n'],
    ['a zero byte in a header', 'GET /livez HTTP/1.1\r\nX: a\u0000b\r\n\r\n'],
    ['HTTP/9.9', 'GET /livez HTTP/9.9\r\n\r\n'],
    ['garbage', '\u0000\u0001\u0002\u0003\r\n\r\n'],
  ])('with %s is answered with a problem and closed', async (_case, bytes) => {
    await using harness = await start();
    const answer = await harness.raw(bytes.replace('HTTP/1.1\r\n', `HTTP/1.1\r\n${host(harness)}`));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(codeOf(answer)).toBe('MALFORMED_HTTP');
    await expectHealthy(harness);
  });

  it.each([
    ['/%', 'BAD_REQUEST'],
    ['/v1/accounts/%ff', 'BAD_REQUEST'],
    [`/v1/accounts/${'x'.repeat(2000)}`, 'BAD_REQUEST'],
    ['/../etc/passwd', 'NOT_FOUND'],
    ['//v1/status', 'NOT_FOUND'],
    ['/v1/status/', 'NOT_FOUND'],
    ['http://evil.example/v1/status', 'HOST_NOT_ALLOWED'],
    ['*', 'NOT_FOUND'],
  ])('for %s is answered %s', async (path, code) => {
    await using harness = await start();
    const answer = await harness.raw(`GET ${path} HTTP/1.1\r\n${host(harness)}Connection: close\r\n\r\n`);
    expect(codeOf(answer)).toBe(code);
  });

  it('in the middle of an event stream ends the stream, and puts nothing between its bytes', async () => {
    await using harness = await start();
    const { socket, closed, received } = await harness.connect();
    socket.write(`GET /v1/events HTTP/1.1\r\n${host(harness)}\r\n`);
    await until(() => received().includes(': from'));
    socket.write('\u0000garbage\r\n\r\n');
    expect(await closed).not.toContain('HTTP/1.1 400');
    await expectHealthy(harness);
  });

  it('does not spoil the answers to those before it on the connection', async () => {
    await using harness = await start();
    const answer = await harness.raw(
      `GET /livez HTTP/1.1\r\n${host(harness)}\r\nGET /livez HTTP/1.1\r\n${host(harness)}Connection: close\r\n\r\n`,
    );
    expect(answer.match(/\{"live":true\}/g)).toHaveLength(2);
  });

  it('with a body cut short leaves nothing behind', async () => {
    await using harness = await start();
    const { socket, closed } = await harness.connect();
    const head = `Content-Type: ${SSZ_MEDIA_TYPE}\r\nContent-Length: ${bytesOf(0).length}\r\n\r\n`;
    socket.write(`POST /v1/transactions HTTP/1.1\r\n${host(harness)}${head}`);
    socket.end(bytesOf(0).subarray(0, 50));
    await closed;
    expect(harness.gateway.status().mempool.size).toBe(0);
    await expectHealthy(harness);
  });
});

describe('waits', () => {
  const waitFor = (harness: Harness, id: string): string =>
    `GET /v1/transactions/${id.repeat(64)}?wait=committed&timeout=60s HTTP/1.1\r\n${host(harness)}\r\n`;

  // Node reads on while a request is being answered: each wait of a pipeline takes its seat at once, and the refusals stand
  // behind the waits before them on their connection. Who waits there hears nothing; who comes on another one hears at once.
  it('are bounded in all, however many of them stand behind one another on how many connections', async () => {
    // None waits for its turn, so that none comes later than another.
    await using harness = await start({ limits: { waitingMax: 64, readMicrosPerTurn: Number.POSITIVE_INFINITY } });
    const greedy = await Promise.all(Array.from({ length: 4 }, () => harness.connect()));
    for (let sent = 0; sent < 32; sent++) {
      for (const { socket } of greedy) socket.write(waitFor(harness, '0'));
      // In turn, so that each connection has a wait before its first refusal.
      await until(() => harness.gateway.waits >= Math.min(64, 4 * (sent + 1)));
    }
    const last = await harness.connect();
    last.socket.write(waitFor(harness, '1'));
    await until(() => codeOf(last.received()) === 'TOO_MANY_WAITING');
    expect(harness.gateway.waits).toBe(64);
    expect(greedy.map(({ received }) => received())).toEqual(['', '', '', '']);

    greedy[0]?.socket.destroy();
    await until(() => harness.gateway.waits === 48);
    last.socket.write(waitFor(harness, '1'));
    await until(() => harness.gateway.waits === 49);
  });
});

describe('connections', () => {
  it('are bounded; one more is closed at once', async () => {
    await using harness = await start({ limits: { connectionsMax: 2 } });
    const first = await EventReader.open(harness);
    const second = await EventReader.open(harness);
    await expect(harness.ask('/livez')).rejects.toThrow(/ECONNRESET|hang up/);
    first.close();
    second.close();
    // The server learns of it when it reads the end.
    await until(() => harness.gateway.listeners === 1);
    let answer = await harness.ask('/livez').catch(() => undefined);
    while (answer === undefined) answer = await harness.ask('/livez').catch(() => undefined);
    expect(answer.status).toBe(200);
  });
});

describe('the host', () => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '192.0.2.7'])('may be %s with the port', async (name) => {
    await using harness = await start();
    expect((await harness.ask('/livez', { headers: { host: `${name}:${harness.port}` } })).status).toBe(200);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '2130706433',
    '[evil]',
    'user@127.0.0.1',
    '',
  ])('may not be "%s"', async (name) => {
    await using harness = await start();
    const answer = await harness.ask('/v1/status', { headers: { host: `${name}:${harness.port}` } });
    expect(answer.json()).toMatchObject({ code: 'HOST_NOT_ALLOWED', status: 403 });
  });

  it('may not have another port, or none', async () => {
    await using harness = await start();
    for (const name of ['localhost', 'localhost:1', '127.0.0.1:80']) {
      expect((await harness.ask('/livez', { headers: { host: name } })).status).toBe(403);
    }
  });

  it('is needed, once', async () => {
    await using harness = await start();
    for (const hosts of ['', `${host(harness)}Host: evil.example\r\n`]) {
      const answer = await harness.raw(`GET /livez HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`);
      expect(codeOf(answer)).toBe('HOST_NOT_ALLOWED');
    }
  });

  it('may be one that the operator allows, by name or by name and port', async () => {
    await using harness = await start({ allowedHosts: ['Node.example', 'proxy.example:8443'] });
    const ask = async (name: string) => (await harness.ask('/livez', { headers: { host: name } })).status;
    expect(await Promise.all(['node.example', 'node.example:99', 'proxy.example:8443'].map(ask))).toEqual([
      200, 200, 200,
    ]);
    expect(await Promise.all(['proxy.example', 'proxy.example:99', 'a.node.example'].map(ask))).toEqual([
      403, 403, 403,
    ]);
  });

  it('is checked before a body is read', async () => {
    await using harness = await start();
    const head = `Host: evil.example\r\nContent-Type: ${SSZ_MEDIA_TYPE}\r\nContent-Length: 300\r\n\r\n`;
    expect(codeOf(await harness.raw(`POST /v1/transactions HTTP/1.1\r\n${head}`))).toBe('HOST_NOT_ALLOWED');
  });
});

describe('a page', () => {
  it('of the node itself may ask', async () => {
    await using harness = await start();
    const headers = { origin: harness.url, 'sec-fetch-site': 'same-origin' };
    expect((await harness.ask('/v1/status', { headers })).status).toBe(200);
    expect((await harness.ask('/v1/status', { headers: { 'sec-fetch-site': 'none' } })).status).toBe(200);
  });

  it.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://127.0.0.1:1' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('of another site may not: %o', async (headers) => {
    await using harness = await start();
    const submission = { method: 'POST', body: bytesOf(0), headers: { ...headers, 'content-type': SSZ_MEDIA_TYPE } };
    expect((await harness.ask('/v1/transactions', submission)).json()).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
    expect((await harness.ask('/v1/events', { headers })).json()).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
    expect(harness.gateway.status().mempool.size).toBe(0);
  });

  it('gets no permission from a preflight', async () => {
    await using harness = await start();
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const answer = await harness.ask('/v1/transactions', { method: 'OPTIONS', headers });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

it('the check of origins knows the port of the connection, not of the header', () => {
  const check = originCheck([]);
  const request = (port: number) =>
    ({ headersDistinct: { host: ['localhost:80'] }, headers: {}, socket: { localPort: port } }) as never;
  expect(check(request(80)).ok).toBe(true);
  expect(check(request(8080)).ok).toBe(false);
});
