/** Honest replicas that a coalition has cut into groups: the true core, whose messages go as far as the group. */
import type { Hash, Height, ValidatorIndex } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { authenticate, type Authority } from '../../src/consensus/authenticate.ts';
import type { Message, SignedViewChange } from '../../src/consensus/messages.ts';
import { nothingRecovered, recoverReplica } from '../../src/consensus/recovery.ts';
import type { Replica } from '../../src/consensus/replica.ts';
import { step } from '../../src/consensus/step.ts';
import type { Effect, Input } from '../../src/consensus/transition.ts';
import { sha256Hash } from '../../src/crypto/sha256.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from '../../src/forensics/transcript.ts';
import { authorityOf, instanceOf } from '../consensus/kit.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer V)[] ? V[] : T[K] };

/** One honest validator, with what its node keeps for forensics. */
interface Node {
  readonly index: number;
  readonly replica: Replica;
  readonly kept: Mutable<Transcript>;
  /** The newest block here: the next one's hash follows from it. */
  head: Hash;
}

export class Honest {
  readonly authority: Authority;
  readonly #nodes = new Map<number, Node>();
  /** VIEW-CHANGEs that honest validators sent: the coalition hears all. */
  readonly viewChanges: SignedViewChange[] = [];

  constructor(powers: readonly number[], window: number, honest: readonly number[]) {
    this.authority = authorityOf(instanceOf({ powers, window }));
    for (const self of honest) {
      const instance = instanceOf({ powers, self, window });
      const { replica } = recoverReplica(instance, nothingRecovered(instance));
      const kept = { ...EMPTY_TRANSCRIPT, votes: [], certificates: [], commits: [], viewChanges: [], newViews: [] };
      this.#nodes.set(self, { index: self, replica, kept, head: sha256Hash(new Uint8Array([0])) });
    }
  }

  node(index: number): Pick<Node, 'replica' | 'head'> {
    return present(this.#nodes.get(index), 'an honest validator');
  }

  /** What the node of this validator kept. */
  kept(index: number): Transcript {
    return present(this.#nodes.get(index), 'an honest validator').kept;
  }

  /** Gives a message of the coalition to all of a group, and what follows from it to one another. */
  say(group: readonly number[], from: number, message: Message): void {
    this.#pass(
      group,
      group.map((to) => ({ from, to, message })),
    );
  }

  /** One of the group hears something that is no message. */
  tell(group: readonly number[], to: number, input: Input): void {
    this.#pass(group, this.#step(group, to, input));
  }

  #pass(group: readonly number[], first: readonly Letter[]): void {
    const queue = [...first];
    for (const { from, to, message } of queue) {
      const checked = authenticate(this.authority, message);
      invariant(checked.ok, 'what is said passes the checks', { error: checked.ok ? '' : checked.error.message });
      const input: Input = { kind: 'message', from: from as ValidatorIndex, message: checked.value };
      queue.push(...this.#step(group, to, input));
    }
  }

  /** One step of one replica, with all that its driver answers at once. Returns what it sends to its group. */
  #step(group: readonly number[], index: number, input: Input): Letter[] {
    const node = present(this.#nodes.get(index), 'an honest validator');
    const letters: Letter[] = [];
    const inputs = [input];
    for (const each of inputs) {
      for (const effect of step(node.replica, each)) {
        const answer = this.#carryOut(node, effect);
        if (answer !== undefined) inputs.push(answer);
        if (effect.kind !== 'send' || effect.message.kind === 'status') continue;
        const to = effect.to === 'all' ? group.filter((other) => other !== index) : [effect.to];
        for (const other of to)
          if (group.includes(other)) letters.push({ from: index, to: other, message: effect.message });
      }
    }
    return letters;
  }

  #carryOut(node: Node, effect: Effect): Input | undefined {
    if (effect.kind === 'check-body') {
      const { view, height, bodyHash } = effect;
      return { kind: 'body-checked', view, height, bodyHash, valid: true };
    }
    if (effect.kind === 'execute') {
      node.kept.commits.push(effect.commits);
      node.head = blockAfter(node.head, effect.bodyHash);
      return { kind: 'block-executed', height: effect.height, blockHash: node.head };
    }
    if (effect.kind === 'certified') node.kept.certificates.push(effect.certificate);
    if (effect.kind !== 'persist') return undefined;
    if (effect.record.kind === 'new-view') node.kept.newViews.push(effect.record.newView);
    if (effect.record.kind === 'view-change') this.viewChanges.push(effect.record.viewChange);
    return undefined;
  }
}

interface Letter {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

/** A hash that depends on all bodies so far. */
const blockAfter = (head: Hash, body: Hash): Hash => sha256Hash(new TextEncoder().encode(`${head}/${body}`));

export const bodyNamed = (name: string): Hash => sha256Hash(new TextEncoder().encode(name));

export const heightOf = (height: number): Height => height as Height;
