/** What nodes say happened, from their event streams: every final block and every transaction in it. */
import type { Hash } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import type { Client } from '../../src/client/client.ts';
import { ALL, type Validators } from './validators.ts';

const READ_MS = 60_000;

/** Where a transaction stands. */
export interface Place {
  readonly height: number;
  readonly blockHash: Hash;
  readonly code: string;
}

export class History {
  /** Hashes of blocks; the first is that of height 1. */
  readonly blocks: Hash[] = [];
  readonly places = new Map<Hash, Place>();
  /** By performance.now(), when the newest of its transactions was heard of. */
  lastTransactionMs = 0;

  get height(): number {
    return this.blocks.length;
  }

  /** Reads a chain from its first block until there is enough. A transaction that comes twice, or a height that is missing,
   *  is an error. */
  static async read(what: string, client: Client, enough: (history: History) => boolean): Promise<History> {
    const history = new History();
    const signal = AbortSignal.timeout(READ_MS);
    for await (const event of client.events({ after: '0:0', signal })) {
      if (event.kind === 'transaction') history.#addTransaction(event.transaction);
      else if (event.kind !== 'block') throw new Error(`the stream of the whole chain says ${event.kind}`);
      else {
        const { height, hash } = event.block;
        history.blocks.push(hash);
        invariant(height === history.height, 'the stream has a gap', { what, height, expected: history.height });
        if (enough(history)) return history;
      }
    }
    const { height, places } = history;
    const said = { what, height, transactions: places.size };
    throw new Error(`no end of the history within ${READ_MS / 1000} s: ${JSON.stringify(said)}`);
  }

  #addTransaction({ id, height, blockHash, code }: Place & { readonly id: Hash }): void {
    const before = this.places.get(id);
    invariant(before === undefined, 'a transaction is committed twice', { id, height, before: before?.height });
    this.places.set(id, { height, blockHash, code });
    this.lastTransactionMs = performance.now();
  }
}

/** The history of all nodes up to the highest block that any of them calls final now, which is the same on all. */
export async function commonHistory(validators: Validators): Promise<History> {
  const statuses = await Promise.all(ALL.map((index) => validators.only(index).status()));
  const height = Math.max(...statuses.map(({ certifiedHeight }) => certifiedHeight));
  const histories = await Promise.all(
    ALL.map((index) => History.read(`node ${index}`, validators.only(index), (read) => read.height >= height)),
  );
  const [first, ...others] = histories;
  const reference = present(first, 'a history');
  for (const [position, other] of others.entries()) requireSame(reference, other, position + 1);
  return reference;
}

/** Identical block hashes at every height, and the same transactions at the same places. */
export function requireSame(one: History, other: History, index: number): void {
  invariant(one.height === other.height, 'histories end at different heights', { index });
  for (const [position, hash] of one.blocks.entries()) {
    invariant(other.blocks[position] === hash, 'nodes have different blocks', { index, height: position + 1 });
  }
  invariant(one.places.size === other.places.size, 'nodes have different numbers of transactions', { index });
  for (const [id, { height, code }] of one.places) {
    const place = other.places.get(id);
    invariant(place?.height === height && place.code === code, 'a transaction stands elsewhere', { index, id });
  }
}
