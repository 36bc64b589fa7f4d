/** The accounts of a genesis. A node has them as long as it lives, to begin a new folder with: so a million of them are a buffer of 40 MB,
 *  in which the collector has nothing to look at, and no objects. */
import type { Address } from '../base/brand.ts';
import { fromHex, toAddress } from '../codec/hex.ts';

export interface GenesisAccount {
  readonly address: Address;
  readonly balance: bigint;
}

const ADDRESS_BYTES = 32;
const ACCOUNT_BYTES: number = ADDRESS_BYTES + 8;

export class GenesisAccounts implements Iterable<GenesisAccount> {
  /** Of each account: address, and balance as 64 bits. */
  readonly #bytes: DataView;

  constructor(accounts: readonly GenesisAccount[]) {
    const bytes = new Uint8Array(accounts.length * ACCOUNT_BYTES);
    this.#bytes = new DataView(bytes.buffer);
    for (const [i, { address, balance }] of accounts.entries()) {
      bytes.set(fromHex(address), i * ACCOUNT_BYTES);
      this.#bytes.setBigUint64(i * ACCOUNT_BYTES + ADDRESS_BYTES, balance);
    }
  }

  /** In the order of the file. */
  *[Symbol.iterator](): Generator<GenesisAccount> {
    const { buffer, byteLength } = this.#bytes;
    for (let at = 0; at < byteLength; at += ACCOUNT_BYTES) {
      const address = toAddress(new Uint8Array(buffer, at, ADDRESS_BYTES));
      yield { address, balance: this.#bytes.getBigUint64(at + ADDRESS_BYTES) };
    }
  }
}
