import { describe, expect, it } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import { accountSchema, blockSchema, offencesSchema } from '../../src/api/block.ts';
import { ROUTES } from '../../src/api/routes.ts';
import { readinessSchema, statusSchema } from '../../src/api/status.ts';
import { transactionStatusSchema } from '../../src/api/transaction.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { start, until } from './harness.ts';
import { ALICE, BOB, bytesOf, doubleCommit, PREFIX } from './memory-gateway.ts';

const ID = transactionId(bytesOf(0));

describe('a transaction', () => {
  it('is unknown, then pending, then committed with its receipt', async () => {
    await using harness = await start();
    const ask = async () => transactionStatusSchema.parse((await harness.ask(`/v1/transactions/${ID}`)).json());
    expect(await ask()).toEqual({ id: ID, status: 'unknown' });
    await harness.gateway.submit([bytesOf(0)]);
    expect(await ask()).toEqual({ id: ID, status: 'pending' });
    const block = harness.gateway.seal();
    const [from, to] = [formatAddress(ALICE, PREFIX), formatAddress(BOB, PREFIX)];
    const events = [{ kind: 'transfer', from, to, amount: '5' }];
    expect(await ask()).toEqual({
      id: ID,
      status: 'committed',
      height: 1,
      index: 0,
      blockHash: block.hash,
      code: 'OK',
      receipt: { transactionId: ID, code: 'OK', feePaid: '0', events },
    });
  });

  it('that was rejected says why', async () => {
    await using harness = await start();
    await harness.gateway.submit([bytesOf(0)]);
    harness.gateway.reject(ID, 'EXPIRED');
    const { json } = await harness.ask(`/v1/transactions/${ID}`);
    expect(json()).toEqual({ id: ID, status: 'rejected', code: 'EXPIRED' });
  });

  it('can be waited for, before anyone has heard of it', async () => {
    await using harness = await start();
    const answer = harness.ask(`/v1/transactions/${ID}?wait=committed`);
    await until(() => harness.gateway.waits === 1);
    await harness.gateway.submit([bytesOf(0)]);
    harness.gateway.seal();
    expect((await answer).json()).toMatchObject({ status: 'committed', height: 1 });
  });
});

describe('an account', () => {
  it('is found by its bech32m address and by its public key', async () => {
    await using harness = await start();
    await harness.gateway.submit([bytesOf(0), bytesOf(1)]);
    harness.gateway.seal();
    await harness.gateway.submit([bytesOf(2)]);
    const text = formatAddress(ALICE, PREFIX);
    for (const path of [text, text.toUpperCase(), ALICE, ALICE.toUpperCase()]) {
      const { status, json } = await harness.ask(`/v1/accounts/${path}`);
      expect(status).toBe(200);
      expect(accountSchema.parse(json())).toEqual({
        address: text,
        balance: '999990',
        nonce: 2,
        pendingNonce: 3,
        height: 1,
      });
    }
  });

  it('that nobody has paid has nothing', async () => {
    await using harness = await start();
    const { json } = await harness.ask(`/v1/accounts/${BOB}`);
    expect(json()).toMatchObject({ balance: '0', nonce: 0, pendingNonce: 0 });
  });

  it('of another network is refused by its prefix', async () => {
    await using harness = await start();
    const { status, json } = await harness.ask(`/v1/accounts/${formatAddress(ALICE, 'xyz')}`);
    expect(status).toBe(400);
    expect(json()).toMatchObject({ code: 'BAD_ADDRESS', detail: expect.stringContaining('xyz1') });
  });
});

describe('a block', () => {
  it('shows its certificate, what was executed, what was skipped, and offences', async () => {
    await using harness = await start();
    harness.gateway.evidence = [doubleCommit()];
    await harness.gateway.submit([bytesOf(0), bytesOf(1)]);
    const skipped = hash('cc'.repeat(32));
    const sealed = harness.gateway.seal([skipped]);
    for (const path of ['1', 'latest']) {
      const block = blockSchema.parse((await harness.ask(`/v1/blocks/${path}`)).json());
      expect(block).toMatchObject({
        height: 1,
        hash: sealed.hash,
        header: sealed.record.header,
        certificate: { blockHash: sealed.hash, signers: [0, 2, 3] },
        skipped: [skipped],
        offences: [{ validator: 3, kind: 'commit', height: 41 }],
      });
      expect(block.transactions.map(({ id, code }) => [id, code])).toEqual([
        [transactionId(bytesOf(0)), 'OK'],
        [transactionId(bytesOf(1)), 'OK'],
      ]);
      expect(block.certificate?.signatures.map((signature) => signature.slice(0, 2))).toEqual(['01', '02', '03']);
    }
  });

  it('without a certificate of its own says null', async () => {
    await using harness = await start();
    harness.gateway.blocks.set(1, { ...harness.gateway.seal(), certificate: null });
    const { json } = await harness.ask('/v1/blocks/1');
    expect(blockSchema.parse(json()).certificate).toBeNull();
  });

  it.each(['1e3', '0x1', ' 1', '9'.repeat(16), 'newest'])('is not at height "%s"', async (text) => {
    await using harness = await start();
    const { json } = await harness.ask(`/v1/blocks/${encodeURIComponent(text)}`);
    expect(json()).toMatchObject({ code: 'BAD_HEIGHT' });
  });
});

describe('the node', () => {
  it('shows its network, the quorum it sees, and what it caught', async () => {
    await using harness = await start();
    harness.gateway.evidence = [doubleCommit()];
    harness.gateway.seal();
    const status = statusSchema.parse((await harness.ask('/v1/status')).json());
    expect(status).toMatchObject({ addressPrefix: PREFIX, height: 1, certifiedHeight: 1, primary: 0, index: 0 });
    expect(status.oldestHeight).toBe(0);
    expect(status.quorum).toEqual({ total: '4', required: '3', connected: '3', met: true });
    expect(status.validators.map(({ connected }) => connected)).toEqual([true, true, true, false]);
    expect(status.followers).toEqual([{ name: 'auditor', peerId: 'peer9', connected: true, height: 0 }]);
    expect(status.misbehaviour).toEqual([
      { validator: 3, code: 'BAD_SIGNATURE', count: 2, last: 'a PREPARE of height 7' },
    ]);
    const { offences } = offencesSchema.parse((await harness.ask('/v1/offences')).json());
    expect(offences).toEqual(status.offences);
    const evidence = offences[0]?.evidence;
    if (evidence?.kind !== 'equivocation') throw new Error('two commits are equivocation');
    const { first, second } = evidence;
    expect(first.vote).toEqual({ ...second.vote, hash: '00'.repeat(32) });
    expect(first.signature).toBe('09'.repeat(64));
  });

  it('lives while it is not ready, and says what is missing', async () => {
    await using harness = await start();
    expect(readinessSchema.parse((await harness.ask('/readyz')).json())).toEqual({ ready: true, reasons: [] });
    harness.gateway.reasons = [
      { code: 'QUORUM_MISSING', detail: 'validators 2 and 3 are missing' },
      { code: 'CATCHING_UP', detail: '4 blocks behind' },
    ];
    const { status, json } = await harness.ask('/readyz');
    expect(status).toBe(503);
    expect(readinessSchema.parse(json())).toMatchObject({
      ready: false,
      code: 'NOT_READY',
      detail: 'validators 2 and 3 are missing; 4 blocks behind',
      reasons: harness.gateway.reasons,
    });
    expect((await harness.ask('/livez')).status).toBe(200);
  });

  it('describes every route it serves, and serves no other', async () => {
    await using harness = await start();
    const { status, json } = await harness.ask(ROUTES.openapi);
    const { paths } = json() as { paths: Record<string, Record<string, unknown>> };
    expect(status).toBe(200);
    const routes = Object.values(ROUTES).map((route) => route.replace(/:([a-z]+)/, '{$1}').replace('*', '{key}'));
    expect(Object.keys(paths).toSorted()).toEqual(routes.toSorted());
    for (const [path, operations] of Object.entries(paths)) {
      const { headers } = await harness.ask(path.replaceAll(/\{[a-z]+\}/g, 'x'), { method: 'PUT' });
      const methods = headers.allow?.split(', ').filter((method) => method !== 'HEAD');
      expect({ path, methods: methods?.toSorted() }).toEqual({
        path,
        methods: Object.keys(operations)
          .map((name) => name.toUpperCase())
          .toSorted(),
      });
    }
  });

  it('answers HEAD like GET, without the body', async () => {
    await using harness = await start();
    const { status, headers, text } = await harness.ask('/livez', { method: 'HEAD' });
    expect({ status, text, length: headers['content-length'] }).toEqual({ status: 200, text: '', length: '13' });
  });

  it('lets nobody keep or reinterpret an answer', async () => {
    await using harness = await start();
    for (const path of ['/livez', '/nowhere', '/v1/blocks/x']) {
      const { headers } = await harness.ask(path);
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    }
  });
});
