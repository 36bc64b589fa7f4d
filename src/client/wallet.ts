/** An account's key, and what it signs. */
import type { Address, Hash, Height } from '../base/brand.ts';
import { toAddress } from '../codec/hex.ts';
import { nobleEd25519 } from '../crypto/ed25519.ts';
import {
  signedTransactionCodec,
  type Transaction,
  transactionId,
  transactionSigningBytes,
} from '../ledger/transaction.ts';

/** What a transfer says beside its sender. */
export interface Transfer {
  readonly chainId: Hash;
  /** The sender's `pendingNonce`. */
  readonly nonce: number;
  readonly to: Address;
  /** Positive, in the smallest unit. */
  readonly amount: bigint;
  /** Most that the sender will pay; default 0, for networks without fees. */
  readonly maxFee?: bigint;
  /** Last height at which it may be executed; default 0, never expires. */
  readonly expiresAt?: Height;
  /** A reference for the recipient, at most 256 bytes of UTF-8. */
  readonly memo?: string;
}

/** Ready to be submitted. Keep the bytes until the transaction is final: submitting them again is safe, signing anew is
 *  another transaction. */
export interface SignedBytes {
  readonly id: Hash;
  readonly bytes: Uint8Array;
}

export class Wallet {
  readonly address: Address;
  readonly #secretKey: Uint8Array;

  /** `secretKey`: 32 bytes, RFC 8032's seed. The wallet keeps a copy. */
  constructor(secretKey: Uint8Array) {
    this.#secretKey = secretKey.slice();
    this.address = toAddress(nobleEd25519.publicKey(this.#secretKey));
  }

  transfer(transfer: Transfer): SignedBytes {
    return this.sign({
      chainId: transfer.chainId,
      sender: this.address,
      nonce: transfer.nonce,
      expiresAt: transfer.expiresAt ?? (0 as Height),
      maxFee: transfer.maxFee ?? 0n,
      operations: [{ kind: 'transfer', to: transfer.to, amount: transfer.amount }],
      memo: new TextEncoder().encode(transfer.memo ?? ''),
    });
  }

  /** The transaction's sender has to be this account. */
  sign(transaction: Transaction): SignedBytes {
    const signature = nobleEd25519.sign(this.#secretKey, transactionSigningBytes(transaction));
    const bytes = signedTransactionCodec.encode({ transaction, signature });
    return { id: transactionId(bytes), bytes };
  }
}
