import { describe, expect, it } from 'vitest';
import { BATCH_MEDIA_TYPE, SSZ_MEDIA_TYPE } from '../../src/api/batch.ts';
import { PROBLEM_MEDIA_TYPE, type ProblemCode, PROBLEMS, problemSchema } from '../../src/api/problems.ts';
import { TRANSACTION_BYTES_MAX } from '../../src/ledger/limits.ts';
import type { RefusalCode } from '../../src/driver/transactions/fate.ts';
import { EventReader, type Harness, type Question, start, until } from './harness.ts';
import type { StateReadError } from '../../src/rpc/readable-state.ts';
import { ALICE, bytesOf, emptyState, unreadable } from './memory-gateway.ts';

interface Refusal {
  readonly status: number;
  readonly mediaType: string | undefined;
  readonly body: unknown;
}

type Provocation = (harness: Harness) => Promise<Refusal>;

const SSZ = { 'content-type': SSZ_MEDIA_TYPE };

const post = (body: Uint8Array | string, headers: Readonly<Record<string, string>> = SSZ): Question => ({
  method: 'POST',
  body,
  headers,
});

const asking =
  (path: string, question?: Question): Provocation =>
  async (harness) => {
    const { status, headers, json } = await harness.ask(path, question);
    return { status, mediaType: headers['content-type'], body: json() };
  };

const sending =
  (bytes: string): Provocation =>
  async (harness) =>
    parseRaw(await harness.raw(bytes));

function parseRaw(answer: string): Refusal {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]),
    mediaType: /^content-type: (.*)$/im.exec(head)?.[1],
    body: JSON.parse(body),
  };
}

/** The gateway refuses a submission with this code. */
const refusing =
  (code: RefusalCode): Provocation =>
  (harness) => {
    harness.gateway.refusal = { code, message: `because of ${code}` };
    return asking('/v1/transactions', post(bytesOf(0)))(harness);
  };

/** The state cannot be read, for this reason. */
const reading =
  (code: StateReadError['code']): Provocation =>
  (harness) => {
    harness.gateway.state = unreadable(code);
    return asking(`/v1/accounts/${ALICE}?height=3&proof=true`)(harness);
  };

/** Nothing stands anywhere in the state. */
const missing =
  (path: string): Provocation =>
  (harness) => {
    harness.gateway.state = emptyState();
    return asking(path)(harness);
  };

const GET = 'GET /livez HTTP/1.1\r\n';

/** One way to each problem that a node gives; the compiler says when one is missing. */
const PROVOCATIONS: Readonly<Record<Exclude<ProblemCode, 'REFUSED'>, Provocation>> = {
  BAD_REQUEST: asking('/v1/transactions?wait=for-ever', post(bytesOf(0))),
  MALFORMED_HTTP: sending('\u0016\u0003\u0001 hello, is this TLS?\r\n\r\n'),
  MALFORMED_JSON: asking('/v1/transactions', post('{"transaction":', { 'content-type': 'application/json' })),
  BAD_ADDRESS: asking('/v1/accounts/tre1qqqq'),
  BAD_HASH: asking('/v1/transactions/zz'),
  BAD_HEIGHT: asking('/v1/blocks/-1'),
  BAD_EVENT_ID: asking('/v1/events', { headers: { 'last-event-id': 'yesterday' } }),
  EVENT_ID_AHEAD: asking('/v1/events', { headers: { 'last-event-id': '33:0' } }),
  BAD_NAMESPACE: asking('/v1/namespaces/Docs'),
  BAD_KEY: asking('/v1/namespaces/docs/keys/a%20b'),
  BAD_CURSOR: asking('/v1/namespaces/docs/keys?after=7'),
  HOST_NOT_ALLOWED: asking('/livez', { headers: { host: 'evil.example' } }),
  ORIGIN_NOT_ALLOWED: asking('/livez', { headers: { origin: 'http://evil.example' } }),
  NOT_FOUND: asking('/v2/status'),
  BLOCK_NOT_FOUND: asking('/v1/blocks/7'),
  VALIDATOR_NOT_FOUND: missing('/v1/validators/4'),
  EPOCH_NOT_FOUND: asking('/v1/epochs/0/handover'),
  EVIDENCE_NOT_FOUND: missing('/v1/validators/0/evidence'),
  PROPOSAL_NOT_FOUND: missing('/v1/proposals/0'),
  HEIGHT_UNKNOWN: reading('HEIGHT_UNKNOWN'),
  HEIGHT_PRUNED: reading('HEIGHT_PRUNED'),
  HEIGHT_UNPROVED: reading('HEIGHT_UNPROVED'),
  METHOD_NOT_ALLOWED: asking('/v1/status', { method: 'DELETE' }),
  REQUEST_TIMEOUT: (harness) => sending(`${GET}Host: 127.0.0.1:${harness.port}\r\nX-Slow: `)(harness),
  BODY_TOO_LARGE: asking('/v1/transactions', post(new Uint8Array(TRANSACTION_BYTES_MAX + 1))),
  UNSUPPORTED_MEDIA_TYPE: asking('/v1/transactions', post('<tx/>', { 'content-type': 'application/xml' })),
  EXPECTATION_FAILED: (harness) =>
    sending(`${GET}Host: 127.0.0.1:${harness.port}\r\nConnection: close\r\nExpect: wonders\r\n\r\n`)(harness),
  HEADERS_TOO_LARGE: sending(`${GET}X-Long: ${'x'.repeat(9000)}\r\n\r\n`),
  TOO_MANY_WAITING: async (harness) => {
    const first = harness.ask('/v1/transactions?wait=committed', post(bytesOf(0)));
    await until(() => harness.gateway.waits === 1);
    const second = await asking('/v1/transactions?wait=committed', post(bytesOf(1)))(harness);
    harness.gateway.seal();
    await first;
    return second;
  },
  TOO_MANY_STREAMS: async (harness) => {
    const reader = await EventReader.open(harness);
    const second = await asking('/v1/events')(harness);
    reader.close();
    return second;
  },
  TOO_BUSY: async (harness) => {
    const asked = [0, 1, 2].map(() => asking('/v1/status')(harness));
    const refusal = await Promise.race(
      asked.map(async (each) => ((await each).status === 503 ? each : new Promise<never>(() => {}))),
    );
    await harness.server.close();
    return refusal;
  },
  NOT_READY: (harness) => {
    harness.gateway.reasons = [{ code: 'QUORUM_MISSING', detail: 'validators 2 and 3 are missing' }];
    return asking('/readyz')(harness);
  },
  STOPPING: async (harness) => {
    const head = `${GET}Host: 127.0.0.1:${harness.port}\r\n`;
    const { socket, closed, received } = await harness.connect();
    // The second request has begun when the server stops, and is complete only then.
    socket.write(`${head}\r\n${head}`);
    await until(() => received().includes('"live"'));
    const stopped = harness.server.close();
    socket.write('\r\n');
    await stopped;
    const answers = await closed;
    return parseRaw(answers.slice(answers.lastIndexOf('HTTP/1.1')));
  },
  INTERNAL: (harness) => {
    harness.gateway.failure = new Error('the disk is on fire');
    return asking('/v1/blocks/latest')(harness);
  },
  MALFORMED: asking('/v1/transactions', post(new Uint8Array([1, 2, 3]))),
  NON_CANONICAL: refusing('NON_CANONICAL'),
  TOO_LARGE: refusing('TOO_LARGE'),
  NO_OPERATIONS: refusing('NO_OPERATIONS'),
  TOO_HEAVY: refusing('TOO_HEAVY'),
  WRONG_CHAIN: refusing('WRONG_CHAIN'),
  BAD_SIGNATURE: refusing('BAD_SIGNATURE'),
  NONCE_TOO_LOW: refusing('NONCE_TOO_LOW'),
  NONCE_TAKEN: refusing('NONCE_TAKEN'),
  NONCE_TOO_HIGH: refusing('NONCE_TOO_HIGH'),
  EXPIRED: refusing('EXPIRED'),
  FEE_TOO_LOW: refusing('FEE_TOO_LOW'),
  INSUFFICIENT_BALANCE: refusing('INSUFFICIENT_BALANCE'),
  MEMPOOL_FULL: refusing('MEMPOOL_FULL'),
  NODE_HALTED: refusing('NODE_HALTED'),
  SENDER_LIMIT: refusing('SENDER_LIMIT'),
};

describe('every problem', () => {
  it.each(Object.entries(PROVOCATIONS))('%s is answered as its table says', async (code, provoke) => {
    const limits = {
      waitingMax: 1,
      streamsMax: 1,
      closeGraceMs: 5000,
      ...(code === 'REQUEST_TIMEOUT' && { headersTimeoutMs: 50, timeoutCheckMs: 20 }),
      ...(code === 'TOO_BUSY' && { readMicrosPerSecond: 1, readMicrosBurst: 1, readsWaitingMax: 1, refusalMs: 10 }),
    };
    await using harness = await start({ limits });
    const { status, mediaType, body } = await provoke(harness);
    const problem = problemSchema.parse(body);
    const { hint, title } = PROBLEMS[code as ProblemCode];
    expect(problem).toMatchObject({ code, status, hint, title, type: `urn:trefoil:problem:${code}` });
    expect(status).toBe(PROBLEMS[code as ProblemCode].status);
    expect(mediaType).toBe(PROBLEM_MEDIA_TYPE);
    expect(problem.detail).not.toBe('');
  });

  it('does not tell a client what broke inside', async () => {
    await using harness = await start();
    harness.gateway.failure = new Error('the disk is on fire');
    const { text } = await harness.ask('/v1/blocks/latest');
    expect(text).not.toContain('fire');
  });

  it('asks for patience where trying again helps', async () => {
    await using harness = await start();
    for (const code of ['MEMPOOL_FULL', 'SENDER_LIMIT'] as const) {
      harness.gateway.refusal = { code, message: 'full' };
      const { headers } = await harness.ask('/v1/transactions', post(bytesOf(0)));
      expect(headers['retry-after']).toBe('1');
    }
  });

  it('a batch too large is refused by its announced length, before it is sent', async () => {
    await using harness = await start();
    const answer = await harness.raw(
      `POST /v1/transactions HTTP/1.1\r\nHost: 127.0.0.1:${harness.port}\r\nContent-Type: ${BATCH_MEDIA_TYPE}\r\nContent-Length: 99999999\r\n\r\n`,
    );
    expect(parseRaw(answer).body).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });
});
