/** Brings from the store into memory what is to be executed on. An answer comes in a later turn. */
import type { StateKey } from '../../ledger/state/entry-kind.ts';
import type { NodeToFetch } from '../../ledger/tree/lookup.ts';
import type { Store } from '../ports.ts';
import { KEYS } from '../stored/records.ts';
import type { ResidentState } from './resident-state.ts';

interface StateFetchingContext {
  readonly store: Pick<Store, 'read'>;
  readonly resident: ResidentState;
  /** Runs the rest of an input, in a turn to come. */
  readonly input: (run: () => void) => void;
}

type Wanted = { readonly entry: StateKey } | { readonly node: NodeToFetch };

export class StateFetching {
  readonly #context: StateFetchingContext;
  /** What was asked of the store, by the key there. While an entry is on its way nothing can change it: it is not here, and what is not
   *  here is not executed on. So the answer is not too old. */
  readonly #asked = new Set<string>();
  /** A body waits for what it needs now; the last one that began to be looked at had to wait. */
  #isWaited = false;
  #waited = false;
  /** What runs when an entry is here, by the key in the store. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(context: StateFetchingContext) {
    this.#context = context;
  }

  /** Entries that something waits for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** These will be executed on soon, if nothing comes between: where much had to be waited for lately, what they need is fetched
   *  while others still vote. */
  expect(keys: Iterable<StateKey>): void {
    if (this.#waited) this.#fetch([...keys]);
  }

  /** Whether all that these keys need is here. Where it is not, it is fetched, and a turn comes when more of it is here. Throws
   *  InvariantViolation where the store has something else than the state's tree. */
  isReady(keys: readonly StateKey[]): boolean {
    const isHere = this.#fetch(keys);
    if (isHere) this.#context.resident.prove(keys);
    // The first look for a block says whether it had to be waited for.
    if (!this.#isWaited) this.#waited = !isHere;
    this.#isWaited = !isHere;
    return isHere;
  }

  /** Asks for what is missing. True where nothing is. */
  #fetch(keys: readonly StateKey[]): boolean {
    const { entries, nodes } = this.#context.resident.missing(keys);
    if (entries.length === 0 && nodes.length === 0) return true;
    const wanted = new Map<string, Wanted>();
    for (const entry of entries) wanted.set(KEYS.entry(entry), { entry });
    for (const node of nodes) wanted.set(KEYS.node(node.key), { node });
    this.#ask(wanted);
    return false;
  }

  /** Runs it when the entry is here: now, or in a turn to come. */
  withEntry(entry: StateKey, run: () => void): void {
    if (this.#context.resident.has(entry)) return run();
    const key = KEYS.entry(entry);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [run]);
    else waiting.push(run);
    this.#ask(new Map([[key, { entry }]]));
  }

  #ask(wanted: ReadonlyMap<string, Wanted>): void {
    const { store, input } = this.#context;
    const fresh = [...wanted].filter(([key]) => !this.#asked.has(key));
    if (fresh.length === 0) return;
    for (const [key] of fresh) this.#asked.add(key);
    store.read(
      fresh.map(([key]) => key),
      (values, error) =>
        input(() => {
          if (error !== undefined) throw error;
          for (const [position, [key, what]] of fresh.entries()) this.#found(key, what, values[position]);
        }),
    );
  }

  #found(key: string, what: Wanted, bytes: Uint8Array | undefined): void {
    const { resident } = this.#context;
    this.#asked.delete(key);
    if ('node' in what) return resident.fillNode(what.node, bytes);
    resident.fillEntry(what.entry, bytes);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const run of waiting) run();
  }
}
