import { describe, expect, it } from 'vitest';
import { batchCodec, BATCH_MEDIA_TYPE, SSZ_MEDIA_TYPE } from '../../src/api/batch.ts';
import { BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { batchResponseSchema, transactionStatusSchema } from '../../src/api/transaction.ts';
import { signedTransactionToJson } from '../../src/api/transaction-json.ts';
import { signedTransactionCodec, transactionId } from '../../src/ledger/transaction.ts';
import { TRANSACTION_BYTES_MAX } from '../../src/ledger/limits.ts';
import { announcedMicros } from '../../src/rpc/bills.ts';
import { BODY_MICROS_PER_KIB } from '../../src/rpc/limits.ts';
import { type Answer, type Harness, type Question, start, until } from './harness.ts';
import { bytesOf, PREFIX, transfer } from './memory-gateway.ts';

const ID = transactionId(bytesOf(0));

const ssz = (bytes: Uint8Array): Question => ({
  method: 'POST',
  body: bytes,
  headers: { 'content-type': SSZ_MEDIA_TYPE },
});
const batch = (...transactions: readonly Uint8Array[]): Question => ({
  method: 'POST',
  body: batchCodec.encode(transactions),
  headers: { 'content-type': BATCH_MEDIA_TYPE },
});
const json = (value: unknown): Question => ({
  method: 'POST',
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json; charset=utf-8' },
});

const submitAndWait = (harness: Harness, question: Question, timeout = '20s') =>
  harness.ask(`/v1/transactions?wait=committed&timeout=${timeout}`, question);

const TOO_LONG = new Uint8Array(TRANSACTION_BYTES_MAX + 1);

describe('one transaction', () => {
  it.each([
    ['SSZ', ssz(bytesOf(0))],
    ['JSON', json(signedTransactionToJson(transfer(0), PREFIX))],
  ])('as %s is taken in under the same id', async (_form, question) => {
    await using harness = await start();
    const answer = await harness.ask('/v1/transactions', question);
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toBe(`/v1/transactions/${ID}`);
    expect(transactionStatusSchema.parse(answer.json())).toEqual({ id: ID, status: 'pending' });
    expect((await harness.ask(answer.headers.location ?? '')).json()).toEqual({ id: ID, status: 'pending' });
  });

  it('submitted again while it waits, or when it is committed, is the same transaction', async () => {
    await using harness = await start();
    await harness.ask('/v1/transactions', ssz(bytesOf(0)));
    expect((await harness.ask('/v1/transactions', ssz(bytesOf(0)))).json()).toEqual({ id: ID, status: 'pending' });
    harness.gateway.seal();
    const { status, json: body } = await harness.ask('/v1/transactions', ssz(bytesOf(0)));
    expect(status).toBe(200);
    expect(body()).toMatchObject({ id: ID, status: 'committed', height: 1, receipt: { code: 'OK' } });
  });

  it('that is refused names its id', async () => {
    await using harness = await start();
    harness.gateway.refusal = { code: 'NONCE_TOO_HIGH', message: 'nonce 900 is 899 ahead' };
    const { status, json: body } = await harness.ask('/v1/transactions', ssz(bytesOf(0)));
    expect(status).toBe(409);
    expect(body()).toMatchObject({ code: 'NONCE_TOO_HIGH', detail: 'nonce 900 is 899 ahead', id: ID });
  });

  it.each([
    [
      'an amount that is a number',
      { operations: [{ kind: 'transfer', to: 'tre1q', amount: 5 }] },
      'transaction.operations[0].amount',
    ],
    ['an amount beyond 64 bits', { maxFee: '18446744073709551616' }, 'transaction.maxFee'],
    ['a leading zero', { maxFee: '05' }, 'transaction.maxFee'],
    ['a nonce beyond 2^53', { nonce: 2 ** 53 }, 'transaction.nonce'],
    ['an unknown operation', { operations: [{ kind: 'print-money' }] }, 'transaction.operations[0]'],
    [
      'seventeen operations',
      { operations: Array.from({ length: 17 }, () => ({ kind: 'transfer', to: 'tre1q', amount: '1' })) },
      'transaction.operations',
    ],
    ['an upper-case chain id', { chainId: 'AA'.repeat(32) }, 'transaction.chainId'],
  ])('as JSON with %s is refused by the name of the field', async (_case, over, field) => {
    await using harness = await start();
    const good = signedTransactionToJson(transfer(0), PREFIX);
    const answer = await harness.ask(
      '/v1/transactions',
      json({ ...good, transaction: { ...good.transaction, ...over } }),
    );
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'BAD_REQUEST', detail: expect.stringContaining(field) });
  });

  it('as JSON with a mistyped address is refused by the name of the field', async () => {
    await using harness = await start();
    const good = signedTransactionToJson(transfer(0), PREFIX);
    const sender = good.transaction.sender.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
    const { json: body } = await harness.ask(
      '/v1/transactions',
      json({ ...good, transaction: { ...good.transaction, sender } }),
    );
    expect(body()).toMatchObject({ code: 'BAD_ADDRESS', detail: expect.stringContaining('transaction.sender') });
  });

  it('without a body is refused', async () => {
    await using harness = await start();
    const { json: body } = await harness.ask('/v1/transactions', { method: 'POST' });
    expect(body()).toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('waiting', () => {
  it('answers 200 with the receipt as soon as the transaction is final', async () => {
    await using harness = await start();
    const answer = submitAndWait(harness, ssz(bytesOf(0)));
    await until(() => harness.gateway.waits === 1);
    harness.gateway.seal();
    const { status, json: body } = await answer;
    expect(status).toBe(200);
    expect(transactionStatusSchema.parse(body())).toMatchObject({ id: ID, status: 'committed', code: 'OK' });
  });

  it('answers a timeout with 202 and pending, which is no error', async () => {
    await using harness = await start();
    const { status, headers, json: body } = await submitAndWait(harness, ssz(bytesOf(0)), '20ms');
    expect({ status, location: headers.location }).toEqual({ status: 202, location: `/v1/transactions/${ID}` });
    expect(body()).toEqual({ id: ID, status: 'pending' });
  });

  it('answers a transaction that is given up meanwhile with the problem', async () => {
    await using harness = await start();
    const answer = submitAndWait(harness, ssz(bytesOf(0)));
    await until(() => harness.gateway.waits === 1);
    harness.gateway.reject(ID, 'EXPIRED');
    const { status, json: body } = await answer;
    expect(status).toBe(409);
    expect(body()).toMatchObject({ code: 'EXPIRED', id: ID });
  });

  it('ends when the client leaves', async () => {
    await using harness = await start();
    const { socket } = await harness.connect();
    const head = `Host: 127.0.0.1:${harness.port}\r\nContent-Type: ${SSZ_MEDIA_TYPE}\r\nContent-Length: ${bytesOf(0).length}`;
    socket.write(`POST /v1/transactions?wait=committed&timeout=60s HTTP/1.1\r\n${head}\r\n\r\n`);
    socket.write(bytesOf(0));
    await until(() => harness.gateway.waits === 1);
    socket.destroy();
    await until(() => harness.gateway.waits === 0);
  });

  it('ends with what is known when the server stops', async () => {
    const harness = await start({ limits: { closeGraceMs: 5000 } });
    const answer = submitAndWait(harness, ssz(bytesOf(0)));
    await until(() => harness.gateway.waits === 1);
    await harness.server.close();
    expect((await answer).json()).toEqual({ id: ID, status: 'pending' });
  });

  it('is bounded in all, and room is given back', async () => {
    await using harness = await start({ limits: { waitingMax: 2 } });
    const first = submitAndWait(harness, batch(bytesOf(0), bytesOf(1)));
    await until(() => harness.gateway.waits === 2);
    const refused = await submitAndWait(harness, ssz(bytesOf(2)));
    expect({ status: refused.status, body: refused.json() }).toMatchObject({
      status: 503,
      body: { code: 'TOO_MANY_WAITING' },
    });
    expect(await harness.gateway.transaction(transactionId(bytesOf(2)))).toEqual({ status: 'unknown' });
    harness.gateway.seal();
    await first;
    expect((await submitAndWait(harness, ssz(bytesOf(2)), '1ms')).status).toBe(202);
  });

  it.each([
    'wait=final',
    'wait=committed&timeout=10',
    'wait=committed&timeout=-1s',
    'wait=committed&timeout=61s',
    'timeout=1s',
    'timout=1s',
    'wait=committed&wait=committed',
  ])('does not guess at "%s"', async (query) => {
    await using harness = await start();
    const { status, json: body } = await harness.ask(`/v1/transactions?${query}`, ssz(bytesOf(0)));
    expect({ status, body: body() }).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    expect(await harness.gateway.transaction(ID)).toEqual({ status: 'unknown' });
  });
});

describe('a batch', () => {
  it('of 256 is answered in order', async () => {
    await using harness = await start();
    const transactions = Array.from({ length: BATCH_TRANSACTIONS_MAX }, (_, nonce) => bytesOf(nonce));
    const { status, json: body } = await harness.ask('/v1/transactions', batch(...transactions));
    expect(status).toBe(202);
    const { results } = batchResponseSchema.parse(body());
    expect(results).toEqual(transactions.map((bytes) => ({ id: transactionId(bytes), status: 'pending' })));
  });

  it('answers for each transaction on its own', async () => {
    await using harness = await start();
    await harness.gateway.submit([bytesOf(0)]);
    harness.gateway.seal();
    const { status, json: body } = await harness.ask(
      '/v1/transactions',
      batch(bytesOf(0), new Uint8Array(9), bytesOf(1), signedTransactionCodec.encode(transfer(0, { maxFee: 9n }))),
    );
    expect(status).toBe(202);
    expect(batchResponseSchema.parse(body()).results).toMatchObject([
      { id: ID, status: 'committed', height: 1 },
      { code: 'MALFORMED', detail: expect.any(String) },
      { status: 'pending' },
      { code: 'NONCE_TOO_LOW', detail: 'nonce 0 was used', id: expect.any(String) },
    ]);
  });

  it('can be waited for, and is 200 when nothing is left to wait for', async () => {
    await using harness = await start();
    const answer = submitAndWait(harness, batch(bytesOf(0), bytesOf(1), new Uint8Array(3)));
    await until(() => harness.gateway.waits === 2);
    harness.gateway.seal();
    const { status, json: body } = await answer;
    expect(status).toBe(200);
    expect(body()).toMatchObject({
      results: [{ status: 'committed' }, { status: 'committed' }, { code: 'MALFORMED' }],
    });
  });

  it.each([
    ['is empty', new Uint8Array(0), 'BAD_REQUEST'],
    ['is garbage', new Uint8Array(100).fill(255), 'MALFORMED'],
    ['is cut short', batchCodec.encode([bytesOf(0), bytesOf(1)]).subarray(0, 6), 'MALFORMED'],
    ['has 257 transactions', offsetsOf(257), 'MALFORMED'],
    ['has a transaction that is too long', Uint8Array.from([4, 0, 0, 0, ...TOO_LONG]), 'MALFORMED'],
  ])('that %s is refused whole', async (_case, body, code) => {
    await using harness = await start();
    const question = { method: 'POST', body, headers: { 'content-type': BATCH_MEDIA_TYPE } };
    const answer = await harness.ask('/v1/transactions', question);
    expect(answer.json()).toMatchObject({ code });
  });
});

describe('submissions that are of no use', () => {
  // Whatever is not given back is never had again.
  const limits = { submitMicrosPerSecond: 1e-3, submitMicrosBurst: 1e-3, submitsWaitingMax: 1, refusalMs: 1 };
  const garbage = json({ transaction: 'garbage' });

  /** The answer to one more, when another waits already that has nothing to wait for. */
  async function oneMore(harness: Harness, path = '/v1/transactions', question = ssz(bytesOf(9))): Promise<Answer> {
    const both = [0, 1].map(() => harness.ask(path, question));
    const answer = await Promise.race(both);
    await harness.server.close();
    await Promise.all(both);
    return answer;
  }

  it.each<[string, string, Question, number]>([
    ['are refused by the node', '/v1/transactions', ssz(new Uint8Array(3)), 400],
    ['are no transaction', '/v1/transactions', garbage, 400],
    ['are an empty batch', '/v1/transactions', batch(), 400],
    ['have a method that is not served', '/v1/transactions', { method: 'DELETE' }, 405],
    ['have a path that is not served', '/v2/transactions', garbage, 404],
  ])(
    'because they %s are paid for, and then wait, and beyond that are refused',
    async (_case, path, question, status) => {
      await using harness = await start({ limits });
      expect((await harness.ask(path, question)).status).toBe(status);
      const { json: body, headers, ...answer } = await oneMore(harness, path, question);
      expect(answer.status).toBe(503);
      expect(body()).toMatchObject({ code: 'TOO_BUSY' });
      expect(headers['retry-after']).toBe('1');
    },
  );

  it.each([
    ['waits', () => undefined],
    ['is committed', (harness: Harness) => harness.gateway.seal()],
  ])('because the transaction %s are paid for, or anybody could copy one', async (_case, change) => {
    await using harness = await start({ limits });
    expect((await harness.ask('/v1/transactions', ssz(bytesOf(0)))).status).toBe(202);
    change(harness);
    expect((await harness.ask('/v1/transactions', ssz(bytesOf(0)))).status).toBeLessThan(300);
    expect((await oneMore(harness)).status).toBe(503);
  });

  it('are refused before their body is there', async () => {
    await using harness = await start({ limits });
    await harness.ask('/v1/transactions', garbage);
    const head = `POST /v1/transactions HTTP/1.1\r\nHost: 127.0.0.1:${harness.port}\r\nContent-Length: 100\r\n\r\n`;
    const both = await Promise.all([harness.connect(), harness.connect()]);
    for (const { socket } of both) socket.write(head);
    await until(() => both.some(({ received }) => received().includes('"TOO_BUSY"')));
    for (const { socket } of both) socket.destroy();
  });

  it('leave what is taken in alone: that is given back', async () => {
    await using harness = await start({ limits });
    for (let nonce = 0; nonce < 20; nonce += 4) {
      const one = json(signedTransactionToJson(transfer(nonce), PREFIX));
      expect((await harness.ask('/v1/transactions', one)).status).toBe(202);
      expect((await harness.ask('/v1/transactions', ssz(bytesOf(nonce + 1)))).status).toBe(202);
      const full = batch(bytesOf(nonce + 2), bytesOf(nonce + 3));
      expect((await harness.ask('/v1/transactions', full)).status).toBe(202);
    }
  });

  it('announce what they will cost', () => {
    const one = announcedMicros({ headers: {} });
    expect(announcedMicros({ headers: { 'content-length': '2048' } })).toBe(one + 2 * BODY_MICROS_PER_KIB);
    const largest = one + (BATCH_BYTES_MAX / 1024) * BODY_MICROS_PER_KIB;
    expect(announcedMicros({ headers: { 'content-length': '999999999999' } })).toBe(largest);
    expect(announcedMicros({ headers: { 'transfer-encoding': 'chunked' } })).toBe(largest);
  });
});

/** A list of that many empty byte lists. */
function offsetsOf(count: number): Uint8Array {
  const bytes = new Uint8Array(4 * count);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) view.setUint32(4 * i, 4 * count, true);
  return bytes;
}
