/** The accounts of a bench and what they sign. Signed by the node's fast backend: a client's own would take minutes. */
import type { Address, Hash, Height } from '../../src/base/brand.ts';
import { toAddress } from '../../src/codec/hex.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { signedTransactionCodec, type Transaction, transactionSigningBytes } from '../../src/ledger/transaction.ts';

export class BenchAccount {
  readonly address: Address;
  readonly #secret: Uint8Array;
  readonly #ed25519: Ed25519;
  #nonce = 0;

  /** `secret`: 32 bytes. */
  constructor(secret: Uint8Array, ed25519: Ed25519) {
    this.#secret = secret;
    this.#ed25519 = ed25519;
    this.address = toAddress(ed25519.publicKey(this.#secret));
  }

  /** The signed bytes of its next transaction, which moves 1. */
  transfer(chainId: Hash, to: Address): Uint8Array {
    return this.pay(chainId, [to], 1n);
  }

  /** The signed bytes of its next transaction, which moves so much to each of these, sixteen at most. */
  pay(chainId: Hash, to: readonly Address[], amount: bigint): Uint8Array {
    const transaction: Transaction = {
      chainId,
      sender: this.address,
      nonce: this.#nonce++,
      expiresAt: 0 as Height,
      maxFee: 0n,
      operations: to.map((each) => ({ kind: 'transfer', to: each, amount })),
      memo: new Uint8Array(),
    };
    const signature = this.#ed25519.sign(this.#secret, transactionSigningBytes(transaction));
    return signedTransactionCodec.encode({ transaction, signature });
  }

  /** The next transaction has this nonce: some of those that were signed were not taken. */
  resume(nonce: number): void {
    this.#nonce = nonce;
  }
}

/** `first`: the number of the first; what another bench makes with other numbers are other accounts. */
export const makeAccounts = (count: number, ed25519: Ed25519, first = 0): readonly BenchAccount[] =>
  Array.from({ length: count }, (_, i) => new BenchAccount(secretOf(first + i), ed25519));

const secretOf = (number: number): Uint8Array => sha256(new TextEncoder().encode(`trefoil bench account ${number}`));
