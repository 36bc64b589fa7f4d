/** A party of an example, as an application would write it: an account of its own, and the nodes of the network, its own first. */
import { type Address, type Height, hash, height } from '../src/base/brand.ts';
import { Client } from '../src/client/client.ts';
import { type Operations, Wallet } from '../src/client/wallet.ts';

/** Milliseconds to wait for a block or a receipt. An idle network makes a block every few seconds. */
const PATIENCE_MS = 60_000;

export type Operation = Operations['operations'][number];

/** When an entry was written, as a condition: the block, and the transaction in it. The version of a lease is its fencing token. */
export interface Version {
  readonly kind: 'version';
  readonly height: Height;
  readonly index: number;
}

export class Party {
  readonly name: string;
  readonly client: Client;
  readonly #wallet: Wallet;

  constructor(name: string, secret: Uint8Array, urls: readonly string[]) {
    this.name = name;
    this.client = new Client({ urls });
    this.#wallet = new Wallet(secret);
  }

  get address(): Address {
    return this.#wallet.address;
  }

  say(what: string): void {
    console.log(`${this.name.padEnd(6)} ${what}`);
  }

  /** Signs the operations as one transaction: all are done, or none. The code is `OK`, or says why none was. */
  async submit(...operations: Operation[]): Promise<{ readonly code: string; readonly version: Version }> {
    const { chainId } = await this.client.status();
    const { pendingNonce: nonce } = await this.client.account(this.address);
    const { bytes } = this.#wallet.operate({ chainId: hash(chainId), nonce, operations });
    const transaction = await this.client.submit(bytes, PATIENCE_MS);
    if (transaction.status !== 'committed') throw new Error(`a transaction of ${this.name} is ${transaction.status}`);
    const { height: at, index, receipt } = transaction;
    return { code: receipt.code, version: { kind: 'version', height: height(at), index } };
  }

  /** Waits until the block of this height is final. */
  async untilBlock(wanted: number): Promise<void> {
    const after = `${Math.max(0, wanted - 1)}:0`;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for await (const event of this.client.events({ types: ['block'], after, signal })) {
      if (event.kind === 'block' && event.block.height >= wanted) return;
    }
    throw new Error(`${this.name} waited for block ${wanted} for too long`);
  }
}

/** As people read it, and as `trefoil kv get` shows it. */
export const versionText = ({ height: at, index }: Version): string => `${at}:${index}`;
