/**
 * Deletes what no height that is kept needs any more: nodes of the tree, entries as they were, and values, by the lists that blocks left
 * of what they replaced. A list at a time is read and dealt with; what is not done before a crash is done after it.
 */
import type { Height } from '../../base/brand.ts';
import { InvariantViolation } from '../../base/invariant.ts';
import { decodeStale, dueLists } from '../../ledger/tree/stale.ts';
import type { Store } from '../ports.ts';
import type { Batch } from '../stored/batch.ts';
import { heightCodec, KEYS } from '../stored/records.ts';
import { PRUNED_LISTS_MAX, PRUNED_RECORDS_MAX } from './limits.ts';
import { decodeReplaced } from './state-writes.ts';

interface PruningContext {
  readonly store: Pick<Store, 'read'>;
  readonly batch: Batch;
  readonly input: (run: () => void) => void;
  /** Final heights that can be read in the epoch of a height, the newest among them; 0 keeps all. Undefined where the epoch is forgotten. */
  readonly historyHeights: (height: Height) => number | undefined;
  /** The newest final block that is durable: reads are of final heights, and it is one that a restart finds. */
  readonly finalHeight: () => Height;
  readonly recovered: { readonly prunedTo: Height };
}

export class Pruning {
  readonly #context: PruningContext;
  #prunedTo: Height;
  #reading = false;

  constructor(context: PruningContext) {
    this.#context = context;
    this.#prunedTo = context.recovered.prunedTo;
  }

  /** The oldest height that can be read. */
  get oldest(): Height {
    return this.#prunedTo;
  }

  /** Begins what is due. Called once all that is executed is durable: before that the store has not the lists of the newest blocks. */
  step(): void {
    if (this.#reading) return;
    const { store, input, finalHeight, historyHeights } = this.#context;
    const head = finalHeight();
    const retention = { head, historyHeights: historyHeights(head) ?? 0, prunedTo: this.#prunedTo };
    const due = dueLists(retention, PRUNED_LISTS_MAX);
    if (due.length === 0) return;
    this.#reading = true;
    store.read(
      due.flatMap((height) => [KEYS.stale(height), KEYS.replaced(height)]),
      (values, error) =>
        input(() => {
          if (error !== undefined) throw error;
          this.#reading = false;
          let records = 0;
          for (const [i, height] of due.entries()) {
            const [stale, replaced] = [values[2 * i], values[2 * i + 1]];
            // Where all was kept, when the block was executed, there are no lists.
            const isKept = stale === undefined && replaced === undefined && (historyHeights(height) ?? 0) === 0;
            const list = isKept ? [] : replacedAt(height, stale, replaced);
            records += list.length;
            if (i > 0 && records > PRUNED_RECORDS_MAX) return;
            this.#prune(height, list);
          }
        }),
    );
  }

  #prune(height: Height, records: readonly string[]): void {
    const { batch } = this.#context;
    for (const key of records) batch.delete(key);
    batch.delete(KEYS.stale(height));
    batch.delete(KEYS.replaced(height));
    batch.put(KEYS.pruned, heightCodec.encode(height));
    this.#prunedTo = height;
  }
}

/** Under which keys lies what the block of this height replaced. Throws InvariantViolation where the lists are no such lists. */
function replacedAt(
  height: Height,
  stale: Uint8Array | undefined,
  replaced: Uint8Array | undefined,
): readonly string[] {
  const nodes = stale && decodeStale(stale, height);
  const past = replaced && decodeReplaced(replaced, height);
  if (nodes === undefined || past === undefined) throw damaged(height, 'it is gone');
  if (!nodes.ok) throw damaged(height, nodes.error.message);
  if (!past.ok) throw damaged(height, past.error.message);
  return [...nodes.value.map((node) => KEYS.node(node)), ...past.value];
}

const damaged = (height: Height, how: string): InvariantViolation =>
  new InvariantViolation('the disk has a list of what each block replaced', { height, how });
