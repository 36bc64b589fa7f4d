import { describe, expect, it } from 'vitest';
import { batchCodec } from '../../src/api/batch.ts';
import { formatEventId, parseEventId } from '../../src/api/events.ts';
import { BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { openApiDocument } from '../../src/api/openapi.ts';
import { PROBLEMS, problem, problemSchema } from '../../src/api/problems.ts';
import { accountPath, blockPath, submitPath, transactionPath } from '../../src/api/routes.ts';
import { amountText } from '../../src/api/scalars.ts';
import { toHex } from '../../src/codec/hex.ts';
import { TRANSACTION_BYTES_MAX } from '../../src/ledger/limits.ts';

describe('a batch', () => {
  it('has one form, for ever', () => {
    const bytes = batchCodec.encode([Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)]);
    expect(toHex(bytes)).toBe('0c0000000f0000000f00000001020304');
    expect(batchCodec.decode(bytes)).toMatchObject({
      value: [Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)],
    });
  });

  it.each([
    ['256 of 2 KiB', BATCH_TRANSACTIONS_MAX, 2048],
    ['three of the longest', 3, TRANSACTION_BYTES_MAX],
  ])('of %s is as long as a body may be', (_case, count, size) => {
    const full = Array.from({ length: count }, () => new Uint8Array(size));
    expect(batchCodec.decode(batchCodec.encode(full)).ok).toBe(true);
    const more = batchCodec.encode([...full, new Uint8Array(size)]);
    expect(batchCodec.decode(more)).toMatchObject({ ok: false, error: { code: 'TOO_LARGE' } });
    expect(batchCodec.encode(full).length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
  });

  it.each([
    ['offsets that leave a gap', '0900000001'],
    ['offsets that run backwards', '0800000004000000'],
    ['a first offset of nothing', '00000000'],
    ['half an offset', '0400'],
  ])('with %s is refused', (_case, hex) => {
    expect(batchCodec.decode(Buffer.from(hex, 'hex')).ok).toBe(false);
  });
});

describe('an amount', () => {
  it.each(['0', '1', '18446744073709551615'])('may be %s', (text) => {
    expect(amountText.safeParse(text).success).toBe(true);
  });

  it.each([
    '',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    ' 1',
    '0x1',
    '1\n',
    '18446744073709551616',
    '99999999999999999999',
    '1'.repeat(99),
  ])('may not be "%s"', (text) => {
    expect(amountText.safeParse(text).success).toBe(false);
  });
});

describe('event ids', () => {
  it('are read as they are written', () => {
    expect(parseEventId(formatEventId(12, 8192))).toEqual({ ok: true, value: { height: 12, index: 8192 } });
  });

  it.each(['', '1', '1:', ':1', '1:-1', '1:1:1', '1: 1', 'a:b', '1:8193', '9'.repeat(16) + ':0'])(
    'are not "%s"',
    (text) => {
      expect(parseEventId(text)).toMatchObject({ error: { code: 'BAD_EVENT_ID' } });
    },
  );
});

describe('paths', () => {
  it('take their parameters as text, whatever is in it', () => {
    expect(transactionPath('a/b')).toBe('/v1/transactions/a%2Fb');
    expect(accountPath('tre1x')).toBe('/v1/accounts/tre1x');
    expect(blockPath('latest')).toBe('/v1/blocks/latest');
    expect(submitPath()).toBe('/v1/transactions');
    expect(submitPath(1500)).toBe('/v1/transactions?wait=committed&timeout=1500ms');
  });
});

describe('problems', () => {
  it.each(Object.entries(PROBLEMS))(
    '%s has a status, a title and a hint for people',
    (code, { status, title, hint }) => {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(hint).toMatch(/\.$/);
      expect(problemSchema.parse(problem(code as keyof typeof PROBLEMS, 'x'))).toMatchObject({ code, status });
    },
  );
});

describe('the OpenAPI document', () => {
  const document = openApiDocument('1.2.3');
  const text = JSON.stringify(document);

  it('defines whatever it refers to, and refers to whatever it defines', () => {
    const schemas = Object.keys((document['components'] as { schemas: object }).schemas);
    const references = new Set(
      [...text.matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z]+)"/g)].map(([, name = '']) => name),
    );
    expect([...references].toSorted()).toEqual(schemas.toSorted());
  });

  it('refers to nothing but its own schemas', () => {
    const foreign = [...text.matchAll(/"\$ref":"([^"]+)"/g)].filter(
      ([, to]) => !to?.startsWith('#/components/schemas/'),
    );
    expect(foreign).toEqual([]);
  });

  it('carries the version of the node', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
  });
});
