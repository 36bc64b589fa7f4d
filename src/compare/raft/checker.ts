/**
 * The five properties of Raft (Ongaro & Ousterhout 2014, figure 3), watched after every step of every honest server. A log up
 * to one of its entries is known by one number, so that two logs are compared by comparing two numbers.
 */
import { present } from '../../base/invariant.ts';
import { toHex } from '../../codec/hex.ts';
import type { Entry } from './core/messages.ts';
import type { Replica } from './core/replica.ts';
import type { Contradiction, Effect } from './core/transition.ts';
import type { RaftObserver } from './observer.ts';

export type RaftProperty =
  | 'election safety'
  | 'leader append-only'
  | 'log matching'
  | 'leader completeness'
  | 'state machine safety'
  /** Not of the paper: no server is told what none can say. */
  | 'no contradiction';

export interface RaftViolation {
  readonly property: RaftProperty;
  readonly message: string;
}

interface Watched {
  /** By index - 1, the number of the log up to there. */
  readonly prefixes: number[];
  /** The term that it led after its last step. */
  leads: number | null;
}

/** The log of a leader when it was elected. */
interface Leader {
  readonly server: number;
  readonly term: number;
  readonly prefixes: readonly number[];
}

export class RaftChecker implements RaftObserver {
  readonly violations: RaftViolation[] = [];
  readonly #servers = new Map<number, Watched>();
  /** Numbers of logs, by the number of the log without its last entry, and that entry. 0 is the empty log. */
  readonly #numbers = new Map<string, number>();
  /** By index and term of an entry, the number of the log up to it. */
  readonly #places = new Map<string, number>();
  readonly #leaders = new Map<number, Leader>();
  /** By index - 1: what was first committed there, and in which term. */
  readonly #committed: { readonly prefix: number; readonly term: number }[] = [];

  /** The highest index that any honest server ever committed. */
  get committedIndex(): number {
    return this.#committed.length;
  }

  started(server: number, { log }: Replica): void {
    const watched: Watched = { prefixes: [], leads: null };
    this.#servers.set(server, watched);
    this.#write(server, watched, 1, log);
  }

  stepped(server: number, replica: Replica, effects: readonly Effect[]): void {
    const watched = present(this.#servers.get(server), 'server that was started');
    for (const effect of effects) {
      if (effect.kind === 'elected') watched.leads = effect.term;
      if (effect.kind === 'stepped-down') watched.leads = null;
      if (effect.kind === 'persist' && effect.record.kind === 'log')
        this.#write(server, watched, effect.record.from, effect.record.entries);
      if (effect.kind === 'elected') this.#elected(server, effect.term, watched);
      if (effect.kind === 'committed') this.#commit(server, effect.index, replica.term, watched);
    }
  }

  contradicted(server: number, from: number, reason: Contradiction): void {
    this.#violate('no contradiction', `server ${server} was told by ${from}: ${reason}`);
  }

  #write(server: number, { prefixes, leads }: Watched, from: number, entries: readonly Entry[]): void {
    if (leads !== null && from <= prefixes.length)
      this.#violate('leader append-only', `server ${server} leads term ${leads} and changes index ${from}`);
    prefixes.length = from - 1;
    for (const { term, payload } of entries) {
      const content = `${prefixes.at(-1) ?? 0}/${term}/${toHex(payload)}`;
      const prefix = this.#numbers.get(content) ?? this.#numbers.size + 1;
      this.#numbers.set(content, prefix);
      prefixes.push(prefix);
      const place = `${prefixes.length}/${term}`;
      const known = this.#places.get(place);
      if (known === undefined) this.#places.set(place, prefix);
      else if (known !== prefix)
        this.#violate(
          'log matching',
          `two logs with term ${term} at index ${prefixes.length}, one of server ${server}`,
        );
    }
  }

  #elected(server: number, term: number, { prefixes }: Watched): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other.server !== server)
      this.#violate('election safety', `servers ${other.server} and ${server} lead term ${term}`);
    const leader = { server, term, prefixes: [...prefixes] };
    this.#leaders.set(term, leader);
    for (const [position, committed] of this.#committed.entries()) this.#complete(leader, position, committed);
  }

  #complete({ server, term, prefixes }: Leader, position: number, committed: { prefix: number; term: number }): void {
    if (term <= committed.term || prefixes[position] === committed.prefix) return;
    const what = `index ${position + 1}, committed in term ${committed.term}`;
    this.#violate('leader completeness', `server ${server} leads term ${term} without ${what}`);
  }

  #commit(server: number, index: number, term: number, { prefixes }: Watched): void {
    const prefix = prefixes[index - 1] ?? -1;
    const known = this.#committed[index - 1];
    if (known === undefined) {
      const committed = { prefix, term };
      this.#committed[index - 1] = committed;
      for (const leader of this.#leaders.values()) this.#complete(leader, index - 1, committed);
    } else if (known.prefix !== prefix)
      this.#violate('state machine safety', `server ${server} commits another entry at index ${index}`);
  }

  #violate(property: RaftProperty, message: string): void {
    this.violations.push({ property, message });
  }
}
