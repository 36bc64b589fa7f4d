import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, type Hash, height } from '../../src/base/brand.ts';
import { toHex } from '../../src/codec/hex.ts';
import { signedTransactionSchema } from '../../src/api/transaction.ts';
import { signedTransactionFromJson, signedTransactionToJson } from '../../src/api/transaction-json.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { signedTransactionCodec, type SignedTransaction } from '../../src/ledger/transaction.ts';

const PREFIX = 'tre';
const UINT64_MAX = 2n ** 64n - 1n;

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const amount = fc.bigInt({ min: 0n, max: UINT64_MAX });
const natural = fc.maxSafeNat();

const signedTransaction: fc.Arbitrary<SignedTransaction> = fc.record({
  transaction: fc.record({
    chainId: bytes32.map((text) => text as Hash),
    sender: bytes32.map((text) => text as Address),
    nonce: natural,
    expiresAt: natural.map(height),
    maxFee: amount,
    operations: fc.array(
      fc.record({ kind: fc.constant('transfer' as const), to: bytes32.map((text) => text as Address), amount }),
      { maxLength: 16 },
    ),
    memo: fc.oneof(
      fc.uint8Array({ maxLength: 256 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => new TextEncoder().encode(text).subarray(0, 256)),
    ),
  }),
  signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
});

const SIMPLE: SignedTransaction = {
  transaction: {
    chainId: '0'.repeat(64) as Hash,
    sender: 'aa'.repeat(32) as Address,
    nonce: 0,
    expiresAt: height(0),
    maxFee: 0n,
    operations: [],
    memo: new Uint8Array(0),
  },
  signature: new Uint8Array(64),
};

describe('the JSON form of a signed transaction', () => {
  it('leads back to the same signed bytes, through text and its own schema', () => {
    fc.assert(
      fc.property(signedTransaction, (signed) => {
        const text = JSON.stringify(signedTransactionToJson(signed, PREFIX));
        const back = signedTransactionFromJson(signedTransactionSchema.parse(JSON.parse(text)), PREFIX);
        if (!back.ok) throw new Error(back.error.message);
        expect(toHex(signedTransactionCodec.encode(back.value))).toBe(toHex(signedTransactionCodec.encode(signed)));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['text', new TextEncoder().encode('für Möhren'), 'für Möhren'],
    ['text with a byte order mark', new TextEncoder().encode('\ufeffa'), '\ufeffa'],
    ['nothing', new Uint8Array(0), ''],
    ['bytes that are no text', Uint8Array.of(0xff, 0), { hex: 'ff00' }],
    ['text in more bytes than it needs', Uint8Array.of(0xc0, 0x80), { hex: 'c080' }],
  ])('shows a memo of %s', (_case, memo, wanted) => {
    const json = signedTransactionToJson({ ...SIMPLE, transaction: { ...SIMPLE.transaction, memo } }, PREFIX);
    expect(json.transaction.memo).toEqual(wanted);
  });

  it('counts the bytes of a memo, not its characters', () => {
    const json = signedTransactionToJson(SIMPLE, PREFIX);
    const long = { ...json, transaction: { ...json.transaction, memo: 'ö'.repeat(129) } };
    expect(signedTransactionFromJson(signedTransactionSchema.parse(long), PREFIX)).toMatchObject({
      error: { code: 'MALFORMED', message: 'transaction.memo: 258 bytes, at most 256' },
    });
  });

  it('takes addresses of its own network only', () => {
    const json = signedTransactionToJson(SIMPLE, PREFIX);
    const sender = formatAddress(SIMPLE.transaction.sender, 'other');
    const foreign = { ...json, transaction: { ...json.transaction, sender } };
    expect(signedTransactionFromJson(foreign, PREFIX)).toMatchObject({ error: { code: 'BAD_ADDRESS' } });
  });
});
