/** Rules of a transcript: which messages are lost or held back on the way. */
import { decodePeerMessage, type PeerMessage } from '../driver/wire.ts';
import type { SimulatedNode } from './node.ts';
import type { Simulation, WireFilter } from './simulation.ts';

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

/** `commit from 0 1 to * view 0 height 3`, all but the kind optional. */
export function parseRule(hold: boolean, [kind = '*', ...words]: readonly string[]): Rule {
  const after = (word: string): readonly string[] => {
    const at = words.indexOf(word);
    if (at < 0) return [];
    const rest = words.slice(at + 1);
    const end = rest.findIndex((each) => !/^(\*|[0-9]+)$/.test(each));
    return end < 0 ? rest : rest.slice(0, end);
  };
  const slots = (word: string): readonly number[] | null => {
    const list = after(word);
    return list.length === 0 || list[0] === '*' ? null : list.map(Number);
  };
  const one = (word: string): number | null => (after(word)[0] === undefined ? null : Number(after(word)[0]));
  return { hold, kind, from: slots('from'), to: slots('to'), view: one('view'), height: one('height') };
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

function aboutOf(message: PeerMessage): { kind: string; view: number | null; height: number | null } {
  if (message.kind === 'vote' || message.kind === 'pre-prepare') return message.vote.vote;
  const { kind } = message;
  if (kind === 'view-change') return { kind, view: message.viewChange.viewChange.view, height: null };
  if (kind === 'new-view') return { kind, view: message.newView.newView.view, height: null };
  return { kind, view: null, height: null };
}
