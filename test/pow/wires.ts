/** Nodes and strangers that hear one another, one message after the other. Messages may be lost. */
import type { PowBlock } from '../../src/pow/block.ts';
import type { NodeInput, PowNode } from '../../src/pow/node.ts';
import { LATE_S } from './kit.ts';

/** What a peer says. */
export type Said = Extract<NodeInput, { readonly from: string | null }> & {
  readonly kind: 'block' | 'announced' | 'ask';
};
/** Who is asked, and answers as it likes. */
export type Stranger = (said: Said) => readonly Said[];

/** More messages than any of these tests needs: a node that goes round in a circle fails. */
const MESSAGES_MAX = 20_000;

export class Wires {
  readonly #nodes = new Map<string, PowNode>();
  readonly #strangers = new Map<string, Stranger>();
  readonly #isLost: () => boolean;
  #queue: { readonly to: string; readonly said: Said }[] = [];
  /** Blocks that were sent. */
  blocks = 0;

  constructor(isLost: () => boolean = () => false) {
    this.#isLost = isLost;
  }

  join(name: string, one: PowNode | Stranger): void {
    if (typeof one === 'function') this.#strangers.set(name, one);
    else this.#nodes.set(name, one);
  }

  /** Says something to a node, and waits until nobody has anything to say. */
  say(to: string, said: Said): void {
    this.#queue.push({ to, said });
    let messages = 0;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      messages += 1;
      if (messages > MESSAGES_MAX) throw new Error('they talk for ever');
      if (!this.#isLost()) this.#hear(next.to, next.said);
    }
  }

  announce(from: string, to: string, { id }: Pick<PowBlock, 'id'>): void {
    this.say(to, { kind: 'announced', from, id });
  }

  #hear(to: string, said: Said): void {
    const stranger = this.#strangers.get(to);
    for (const answer of stranger?.(said) ?? []) this.#send(said.from ?? '', answer);
    for (const effect of this.#nodes.get(to)?.step(said, LATE_S) ?? []) {
      if (effect.kind === 'ask') this.#send(effect.to, { kind: 'ask', from: to, id: effect.id });
      if (effect.kind === 'send-block' && effect.to !== null)
        this.#send(effect.to, { kind: 'block', from: to, block: effect.block });
      if (effect.kind === 'announce')
        for (const other of [...this.#nodes.keys(), ...this.#strangers.keys()])
          if (other !== to && other !== effect.except)
            this.#send(other, { kind: 'announced', from: to, id: effect.id });
    }
  }

  #send(to: string, said: Said): void {
    if (said.kind === 'block') this.blocks += 1;
    this.#queue.push({ to, said });
  }
}
