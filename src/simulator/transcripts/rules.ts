/** Rules of a transcript: which messages are lost or held back on the way. */
import { VOTE_KINDS } from '../../ledger/vote.ts';
import { decodePeerMessage, type PeerMessage } from '../../driver/wire/wire.ts';
import { aboutOf } from '../world/about.ts';
import type { SimulatedNode } from '../world/node.ts';
import type { Simulation, WireFilter } from '../simulation.ts';
import { Unreadable, type Words } from '../../base/words.ts';

export interface Rule {
  /** Held back until the rules are cleared, else lost. */
  readonly hold: boolean;
  /** Of a vote its kind, else that of the message; `*` for all. */
  readonly kind: string;
  /** Slots; null for all. */
  readonly from: readonly number[] | null;
  readonly to: readonly number[] | null;
  readonly view: number | null;
  readonly height: number | null;
}

/** What a rule may name beside the kinds of votes. */
const OTHER_KINDS: Readonly<Record<Exclude<PeerMessage['kind'], 'vote' | 'pre-prepare'>, true>> = {
  'view-change': true,
  'new-view': true,
  status: true,
  certificate: true,
  transactions: true,
  'fetch-transactions': true,
  body: true,
  'fetch-body': true,
  blocks: true,
  'fetch-blocks': true,
  evidence: true,
};
const KINDS: readonly string[] = ['*', ...VOTE_KINDS, ...Object.keys(OTHER_KINDS)];

/** `commit from 0 1 to * view 0 height 3`, all but the kind optional. Throws Unreadable. */
export function parseRule(hold: boolean, words: Words, slots: () => readonly number[]): Rule {
  const kind = words.take('what kind of message');
  if (!KINDS.includes(kind)) throw new Unreadable(`no message '${kind}'; there are ${KINDS.join(', ')}`);
  let rule: Rule = { hold, kind, from: null, to: null, view: null, height: null };
  while (words.next !== undefined) {
    const what = words.oneOf('from', 'to', 'view', 'height');
    if (words.has('*')) continue;
    rule = { ...rule, [what]: what === 'from' || what === 'to' ? slots() : words.whole(what) };
  }
  return rule;
}

export class Rules {
  readonly #rules: Rule[] = [];
  #held: (() => void)[] = [];

  add(rule: Rule): void {
    this.#rules.push(rule);
  }

  /** No rule holds any more; what was held back goes. */
  clear(): void {
    this.#rules.length = 0;
    const held = this.#held;
    this.#held = [];
    for (const send of held) send();
  }

  filterFor(simulation: Simulation): WireFilter {
    return (from, to, bytes) => {
      if (this.#rules.length === 0) return true;
      const decoded = decodePeerMessage(bytes);
      const rule = this.#rules.find((each) => decoded.ok && applies(each, from, to, decoded.value));
      if (rule === undefined) return true;
      if (rule.hold) this.#held.push(() => simulation.deliver(from, to, bytes));
      return false;
    };
  }
}

function applies(rule: Rule, from: SimulatedNode, to: SimulatedNode, message: PeerMessage): boolean {
  if (rule.from !== null && !rule.from.includes(from.slot)) return false;
  if (rule.to !== null && !rule.to.includes(to.slot)) return false;
  const { kind, view, height } = aboutOf(message);
  if (rule.kind !== '*' && rule.kind !== kind) return false;
  return (rule.view === null || rule.view === view) && (rule.height === null || rule.height === height);
}
