/**
 * Brings from the store into memory what is to be executed on. What is asked for in a turn is read at its end, all of it at once, and
 * the answer comes in a later turn.
 */
import { present } from '../../base/invariant.ts';
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

type Wanted =
  | { readonly entry: StateKey }
  | { readonly node: NodeToFetch }
  /** The rest of a node whose own record is here. */
  | { readonly baseOf: NodeToFetch; readonly record: Uint8Array };

export class StateFetching {
  readonly #context: StateFetchingContext;
  /** To be read at the end of the turn, by the key in the store. */
  #wanted = new Map<string, Wanted>();
  /** What is being read. While an entry is on its way nothing can change it: it is not here, and what is not here is not executed on.
   *  So the answer is not too old. */
  readonly #asked = new Set<string>();
  /** What runs when an entry is here, by the key in the store. */
  readonly #runs = new Map<string, (() => void)[]>();
  #waiting = 0;
  /** What a body waits for, by the key in the store. */
  readonly #awaited = new Set<string>();
  /** What a body needs was looked at since something was forgotten last: it counts as used, and outlives one more time. */
  #looked = true;
  /** A body is waited for; the last one had to be. */
  #isWaiting = false;
  #waitedLately = false;

  constructor(context: StateFetchingContext) {
    this.#context = context;
  }

  /** How many wait for an entry. */
  get waiting(): number {
    return this.#waiting;
  }

  /** A body will be executed soon, if nothing comes between: where the last one had to be waited for, what its keys need is fetched
   *  while others still vote. */
  expect(keysOf: () => Iterable<StateKey>): void {
    if (!this.#waitedLately) return;
    const { entries, nodes } = this.#context.resident.missing(keysOf());
    for (const entry of entries) this.#want(KEYS.entry(entry), { entry });
    for (const node of nodes) this.#want(KEYS.node(node.key), { node });
  }

  /** Whether all that a body's keys need is here. Where it is not, it is fetched, and a turn comes when more of it is here; until then
   *  nobody asks for the keys. Throws InvariantViolation where the store has something else than the state's tree. */
  isReady(keysOf: () => Iterable<StateKey>): boolean {
    if (this.#awaited.size > 0) return false;
    const { resident } = this.#context;
    const keys = [...keysOf()];
    const { entries, nodes } = resident.missing(keys);
    this.#looked = true;
    const isHere = entries.length === 0 && nodes.length === 0;
    // The first look for a body says whether it had to be waited for.
    if (!this.#isWaiting) this.#waitedLately = !isHere;
    this.#isWaiting = !isHere;
    if (isHere) {
      resident.prove(keys);
      return true;
    }
    for (const entry of entries) this.#awaited.add(this.#want(KEYS.entry(entry), { entry }));
    for (const node of nodes) this.#awaited.add(this.#want(KEYS.node(node.key), { node }));
    return false;
  }

  /** Runs it when the entry is here: now, or in a turn to come. */
  withEntry(entry: StateKey, run: () => void): void {
    if (this.#context.resident.has(entry)) return run();
    const key = KEYS.entry(entry);
    const runs = this.#runs.get(key);
    if (runs === undefined) this.#runs.set(key, [run]);
    else runs.push(run);
    this.#waiting += 1;
    this.#want(key, { entry });
  }

  /** Ends the turn: reads what was asked for. */
  flush(): void {
    const { store, input } = this.#context;
    const wanted = [...this.#wanted];
    if (wanted.length === 0) return;
    this.#wanted = new Map();
    for (const [key] of wanted) this.#asked.add(key);
    store.read(
      wanted.map(([key]) => key),
      (values, error) =>
        input(() => {
          if (error !== undefined) throw error;
          for (const [position, [key, what]] of wanted.entries()) this.#found(key, what, values[position]);
        }),
    );
  }

  /** Makes room in memory, once all that a turn changed is durable. What a body needs may come in several reads: what is here of it is
   *  forgotten after the second time at the earliest, so there is only one between two looks at the body. */
  forget(): void {
    if (this.#awaited.size > 0 && !this.#looked) return;
    this.#looked = false;
    this.#context.resident.forget();
  }

  #want(key: string, what: Wanted): string {
    if (!this.#asked.has(key)) this.#wanted.set(key, what);
    return key;
  }

  #found(key: string, what: Wanted, bytes: Uint8Array | undefined): void {
    const { resident } = this.#context;
    if ('node' in what) return this.#foundNode(key, what.node, bytes);
    this.#arrived(key);
    if ('baseOf' in what) {
      this.#arrived(KEYS.node(what.baseOf.key));
      return resident.fillNode(what.baseOf, { record: what.record, base: bytes });
    }
    resident.fillEntry(what.entry, bytes);
    const runs = this.#runs.get(key) ?? [];
    this.#runs.delete(key);
    this.#waiting -= runs.length;
    for (const run of runs) run();
  }

  #foundNode(key: string, node: NodeToFetch, bytes: Uint8Array | undefined): void {
    const { resident } = this.#context;
    const from = resident.baseOf(node, bytes);
    const record = present(bytes, 'a record whose base is known');
    // Where it has a base, it is still on its way.
    if (from !== undefined) return void this.#want(KEYS.node(from), { baseOf: node, record });
    this.#arrived(key);
    resident.fillNode(node, { record, base: undefined });
  }

  #arrived(key: string): void {
    this.#asked.delete(key);
    this.#awaited.delete(key);
  }
}
