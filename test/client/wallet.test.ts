import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { address, hash, type Height } from '../../src/base/brand.ts';
import { toHex } from '../../src/codec/hex.ts';
import { Wallet } from '../../src/client/wallet.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { signedTransactionCodec, transactionId, transactionSigningBytes } from '../../src/ledger/transaction.ts';

const chainId = hash('c1'.repeat(32));
const bob = address('b0'.repeat(32));

describe('a wallet', () => {
  it('has the address of RFC 8032, 7.1, test 1', () => {
    const seed = Uint8Array.from(
      Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'),
    );
    expect(new Wallet(seed).address).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  });

  it('signs transfers that decode strictly to what was asked and verify under its address', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.nat(),
        fc.nat(),
        fc.string({ maxLength: 64 }),
        (seed, amount, maxFee, nonce, expiresAt, memo) => {
          const wallet = new Wallet(seed);
          const signed = wallet.transfer({
            chainId,
            nonce,
            to: bob,
            amount,
            maxFee,
            expiresAt: expiresAt as Height,
            memo,
          });
          const decoded = signedTransactionCodec.decode(signed.bytes);
          if (!decoded.ok) throw new Error(decoded.error.message);
          const { transaction, signature } = decoded.value;
          expect(transaction).toMatchObject({ chainId, sender: wallet.address, nonce, expiresAt, maxFee });
          expect(transaction.operations).toEqual([{ kind: 'transfer', to: bob, amount }]);
          expect(toHex(transaction.memo)).toBe(Buffer.from(memo).toString('hex'));
          expect(signed.id).toBe(transactionId(signed.bytes));
          const publicKey = Buffer.from(wallet.address, 'hex');
          expect(nobleEd25519.verify(publicKey, transactionSigningBytes(transaction), signature)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('gives a transfer without fee, expiry and memo unless asked', () => {
    const { bytes } = new Wallet(new Uint8Array(32)).transfer({ chainId, nonce: 0, to: bob, amount: 1n });
    const decoded = signedTransactionCodec.decode(bytes);
    expect(decoded).toMatchObject({ ok: true, value: { transaction: { maxFee: 0n, expiresAt: 0 } } });
  });

  it('keeps its own copy of the key', () => {
    const seed = new Uint8Array(32).fill(7);
    const wallet = new Wallet(seed);
    const transfer = { chainId, nonce: 0, to: bob, amount: 1n };
    const before = wallet.transfer(transfer).id;
    seed.fill(0);
    expect(wallet.transfer(transfer).id).toBe(before);
  });
});
