/** An account's key, and what it signs. */
import type { Address, Hash, Height } from '../base/brand.ts';
import { toAddress } from '../codec/hex.ts';
import { nobleEd25519 } from '../crypto/ed25519.ts';
import {
  type Operation,
  signedTransactionCodec,
  type Transaction,
  transactionId,
  transactionSigningBytes,
} from '../ledger/transaction.ts';

/** What a transaction says beside its sender and its operations. */
interface Terms {
  readonly chainId: Hash;
  /** The sender's `pendingNonce`. */
  readonly nonce: number;
  /** Most that the sender will pay; default 0, for networks without fees. */
  readonly maxFee?: bigint;
  /** Last height at which it may be executed; default 0, never expires. */
  readonly expiresAt?: Height;
  /** A reference, at most 256 bytes of UTF-8. */
  readonly memo?: string;
}

export interface Transfer extends Terms {
  readonly to: Address;
  /** Positive, in the smallest unit. */
  readonly amount: bigint;
}

/** All of them are done, or none. */
export interface Operations extends Terms {
  /** 1 to 16. */
  readonly operations: readonly Operation[];
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

  transfer({ to, amount, ...terms }: Transfer): SignedBytes {
    return this.operate({ ...terms, operations: [{ kind: 'transfer', to, amount }] });
  }

  operate({ chainId, nonce, operations, maxFee, expiresAt, memo }: Operations): SignedBytes {
    return this.sign({
      chainId,
      sender: this.address,
      nonce,
      expiresAt: expiresAt ?? (0 as Height),
      maxFee: maxFee ?? 0n,
      operations,
      memo: new TextEncoder().encode(memo ?? ''),
    });
  }

  /** The transaction's sender has to be this account. */
  sign(transaction: Transaction): SignedBytes {
    const signature = nobleEd25519.sign(this.#secretKey, transactionSigningBytes(transaction));
    const bytes = signedTransactionCodec.encode({ transaction, signature });
    return { id: transactionId(bytes), bytes };
  }
}
