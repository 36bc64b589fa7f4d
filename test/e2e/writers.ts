/** Accounts that write data from many clients at once, through all nodes, and what became of each attempt. */
import { invariant, present } from '../../src/base/invariant.ts';
import type { Address, Hash } from '../../src/base/brand.ts';
import type { Client } from '../../src/client/client.ts';
import { Wallet } from '../../src/client/wallet.ts';
import { type EntryVersion, versionField } from '../../src/ledger/operations/data-fields.ts';
import type { Operation } from '../../src/ledger/transaction.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { ALL, type Validators } from './validators.ts';

const COMMIT_MS = 30_000;

/** Where a transaction stands, and its code. */
export interface Outcome {
  readonly height: number;
  readonly index: number;
  readonly code: string;
}

/** An account that several clients use: nonces are given out in order, whoever asks. */
export class Writer {
  readonly address: Address;
  readonly #wallet: Wallet;
  readonly #chainId: Hash;
  #nonce: number;

  private constructor(wallet: Wallet, chainId: Hash, nonce: number) {
    this.address = wallet.address;
    this.#wallet = wallet;
    this.#chainId = chainId;
    this.#nonce = nonce;
  }

  /** All development accounts, as far as they have got. */
  static all(validators: Validators): Promise<readonly Writer[]> {
    return Promise.all(
      developmentNetwork(ALL.length).accounts.map(async ({ secret }) => {
        const wallet = new Wallet(secret);
        const { pendingNonce } = await validators.only(0).account(wallet.address);
        return new Writer(wallet, validators.chainId, pendingNonce);
      }),
    );
  }

  /** Does it through a node, and waits until it is final there. */
  async does(node: Client, ...operations: readonly Operation[]): Promise<Outcome> {
    const signed = this.#wallet.operate({ chainId: this.#chainId, nonce: this.#nonce++, operations });
    const status = await node.submit(signed.bytes, COMMIT_MS);
    invariant(status.status === 'committed', 'a write is not committed', { ...status });
    return { height: status.height, index: status.index, code: status.receipt.code };
  }
}

/** A write on the condition that the entry is of a version, which it was when it was read. */
export interface Attempt extends Outcome {
  /** Null: only if nothing stood there. */
  readonly seen: string | null;
  readonly written: number;
}

/** Reads a number, writes the next one if nobody else has, and begins again until that succeeds. Answers with all attempts. */
export async function increment(node: Client, writer: Writer, namespace: string, key: string): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (;;) {
    const { value, version: seen } = await node.data.entry(namespace, key);
    const written = 1 + (value === null ? 0 : Number(new TextDecoder().decode(value)));
    const outcome = await writer.does(node, {
      kind: 'put',
      namespace,
      key,
      value: new TextEncoder().encode(String(written)),
      condition: seen === null ? { kind: 'absent' } : { kind: 'version', ...versionOf(seen) },
    });
    attempts.push({ ...outcome, seen, written });
    if (outcome.code === 'OK') return attempts;
  }
}

function versionOf(text: string): EntryVersion {
  const version = versionField.fromJson(text, 'version', '');
  return present(version.ok ? version.value : undefined, 'a version');
}

/** What a run would be that does the same attempts one after another, in the order of the chain. */
export function replay(attempts: readonly Attempt[]): { readonly codes: readonly string[]; readonly value: number } {
  let [version, value]: [string | null, number] = [null, 0];
  const codes = inOrder(attempts).map(({ seen, written, height, index }) => {
    if (seen !== version) return 'CONDITION_FAILED';
    version = `${height}:${index}`;
    value = written;
    return 'OK';
  });
  return { codes, value };
}

export const inOrder = (attempts: readonly Attempt[]): readonly Attempt[] =>
  attempts.toSorted((a, b) => a.height - b.height || a.index - b.index);
