/**
 * Signatures of validators that were found right. Certificates repeat the votes that came one by one, VIEW-CHANGEs repeat
 * certificates, and a NEW-VIEW the VIEW-CHANGEs: what was checked once is not checked again. Only what is right is
 * remembered, with the very bytes that were signed and by whom.
 */
import { ForgetfulMap } from '../../base/bounded.ts';
import { shared } from '../../base/shared.ts';
import { equalBytes } from '../../codec/codec.ts';
import { toHex } from '../../codec/hex.ts';
import type { Authority } from '../../consensus/authenticate.ts';
import { sha256 } from '../../crypto/sha256.ts';

/** Longer messages are kept as their hash. */
const KEPT_BYTES_MAX = 256;

interface Known {
  readonly publicKey: Uint8Array;
  readonly signed: Uint8Array;
}

const textOf = shared((signature: Uint8Array) => toHex(signature));

export class KnownSignatures {
  readonly #check: Authority['verify'];
  readonly #known: ForgetfulMap<string, Known>;

  /** `check`: the predicate. */
  constructor(check: Authority['verify'], limit: number) {
    this.#check = check;
    this.#known = new ForgetfulMap(limit);
  }

  get size(): number {
    return this.#known.size;
  }

  readonly verify: Authority['verify'] = (publicKey, message, signature) => {
    const key = textOf(signature);
    const signed = message.length <= KEPT_BYTES_MAX ? message : sha256(message);
    const known = this.#known.get(key);
    if (known !== undefined && equalBytes(known.publicKey, publicKey) && equalBytes(known.signed, signed)) return true;
    if (!this.#check(publicKey, message, signature)) return false;
    this.#known.set(key, { publicKey, signed });
    return true;
  };
}
