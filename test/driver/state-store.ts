/** A state on a store that answers when it is told to, and blocks that change it. */
import { address, type Address, type Height } from '../../src/base/brand.ts';
import type { StoreOperation } from '../../src/driver/ports.ts';
import type { StateCacheLimits } from '../../src/driver/state/limits.ts';
import { ResidentState } from '../../src/driver/state/resident-state.ts';
import { StateFetching } from '../../src/driver/state/state-fetching.ts';
import { stateWrites } from '../../src/driver/state/state-writes.ts';
import { type Account, ACCOUNTS } from '../../src/ledger/account.ts';
import { deltaOf } from '../../src/ledger/state/delta.ts';
import type { StateKey } from '../../src/ledger/state/entry-kind.ts';
import { MemoryState } from '../../src/ledger/state/memory-state.ts';
import { Overlay } from '../../src/ledger/state/overlay.ts';
import type { StateDelta, StateSource } from '../../src/ledger/state/source.ts';

const person = (number: number): Address => address(number.toString(16).padStart(64, '0'));
export const account = (number: number): StateKey<Account> => ACCOUNTS.key(person(number));
export const worth = (balance: number): Account => ({ balance: BigInt(balance), nonce: 0 });

/** By person: what it has then, undefined for nothing. */
export type Changes = readonly (readonly [number, number | undefined])[];

type Answer = (error?: Error) => void;

export class StateOnStore {
  readonly records = new Map<string, Uint8Array>();
  /** All that there is. */
  readonly model = new MemoryState();
  readonly resident: ResidentState;
  readonly fetching: StateFetching;
  /** Questions that are not answered yet. */
  readonly questions: { readonly keys: readonly string[]; readonly answer: Answer }[] = [];
  readonly asked: string[] = [];
  head = 0 as Height;
  readonly #inputs: (() => void)[] = [];

  constructor(first: Changes, cache: StateCacheLimits) {
    const delta = this.#change(this.model, first, undefined);
    this.write(delta);
    this.resident = new ResidentState({ version: 0 as Height, root: delta.tree.root }, cache);
    this.fetching = new StateFetching({
      resident: this.resident,
      input: (run) => void this.#inputs.push(run),
      store: {
        read: (keys, done) => {
          this.asked.push(...keys);
          // It reads when it is asked, and answers when it likes.
          const values = keys.map((key) => this.records.get(key));
          this.questions.push({ keys, answer: (error) => (error === undefined ? done(values) : done([], error)) });
        },
      },
    });
  }

  #change(source: StateSource, changes: Changes, from: Height | undefined): StateDelta {
    const overlay = new Overlay(source);
    for (const [number, balance] of changes)
      overlay.set(account(number), balance === undefined ? undefined : worth(balance));
    const to = (from === undefined ? 0 : from + 1) as Height;
    const delta = deltaOf(source, overlay, { from, to });
    source.apply(delta);
    return delta;
  }

  write(delta: StateDelta): void {
    const apply = (operation: StoreOperation): void => {
      if (operation.kind === 'put') this.records.set(operation.key, operation.value);
      else this.records.delete(operation.key);
    };
    for (const operation of stateWrites(delta, true)) apply(operation);
  }

  /** Executes a block on what is in memory, and on all that there is. Both roots. */
  execute(changes: Changes): readonly [string, string] {
    const expected = this.#change(this.model, changes, this.head);
    const delta = this.#change(this.resident, changes, this.head);
    this.write(delta);
    this.head = delta.height;
    return [delta.tree.root, expected.tree.root];
  }

  /** A turn with what was answered until now; what it wrote is durable then. */
  turn(inTurn: () => void = () => {}): void {
    for (const input of this.#inputs.splice(0)) input();
    inTurn();
    this.fetching.flush();
    this.fetching.forget();
  }

  answerAll(): void {
    for (const { answer } of this.questions.splice(0)) answer();
  }

  /** Turns until the body's keys are here, with so many more before each answer; how many it took beside them. */
  fetch(keys: readonly StateKey[], idle = 0): number {
    for (let turns = 1; turns < 100; turns++) {
      let ready = false;
      this.turn(() => (ready = this.fetching.isReady(() => keys)));
      if (ready) return turns;
      for (let waited = 0; waited < idle; waited++) this.turn(() => this.fetching.isReady(() => keys));
      this.answerAll();
    }
    throw new Error('it never comes');
  }
}
