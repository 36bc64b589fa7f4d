/**
 * Whether what all nodes agree on is what the rules make of it. Final bodies are executed once more, from the genesis on, with all of the
 * state in memory: nothing is fetched, forgotten, pruned or restored, and the blocks have to be the very same. And the model of the
 * ledger, which shares no code with it, has to say the same of each receipt, and in the end of each entry
 * of the state that transactions write.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Hash } from '../../base/brand.ts';
import { execute } from '../../ledger/execute.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { stateKeyText } from '../../ledger/state/entry-kind.ts';
import { advance, genesisState } from '../../ledger/state/ledger-state.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { Submitted } from '../world/clients.ts';
import { type FinalBlock, finalBlocks } from './final-blocks.ts';
import { robbed } from './innocence.ts';
import { isModelled, Model } from './ledger-model.ts';
import { membersIn } from './members-model.ts';

export function execution(genesis: Genesis, submitted: ReadonlyMap<Hash, Submitted>, violate: Violate): Checker {
  let reference: Reference | null = null;
  const take = (block: FinalBlock): string | undefined => {
    // Many simulations are over before anything is final.
    reference ??= new Reference(genesis);
    return reference.take(block);
  };
  return {
    name: 'execution',
    ...finalBlocks(submitted, take, violate),
    finished() {
      const wrong = reference?.difference();
      if (wrong !== undefined) violate(wrong);
    },
  };
}

class Reference {
  readonly #state;
  readonly #model: Model;
  /** Nothing can be said of what came after: something was wrong, or what no client submitted was executed, which another checker tells. */
  #lost = false;

  constructor(genesis: Genesis) {
    this.#state = genesisState(genesis);
    this.#model = new Model(genesis, membersIn(this.#state));
  }

  /** What is wrong with the next block. */
  take(block: FinalBlock): string | undefined {
    const { record, transactions } = block;
    this.#lost ||= record.executed.some((position) => transactions[position] === null);
    if (this.#lost) return undefined;
    const wrong = this.#compare(block);
    this.#lost = wrong !== undefined;
    return wrong;
  }

  #compare({ hash, record, body, transactions }: FinalBlock): string | undefined {
    const before = membersIn(this.#state);
    this.#model.members = before;
    const block = execute(this.#state, body, transactions);
    advance(this.#state, block);
    if (block.hash !== hash) {
      const fields = Object.keys(block.header) as (keyof typeof block.header)[];
      const differing = fields.filter((field) => block.header[field] !== record.header[field]);
      return `executed from the genesis on, its ${differing.join(', ')} would be another`;
    }
    const unjust = robbed(before, membersIn(this.#state), body);
    if (unjust !== undefined) return unjust;
    const verdicts = this.#model.append(transactions);
    const receipts = record.receipts.map(({ code, feePaid }, at) => ({
      position: record.executed[at],
      code,
      feePaid,
    }));
    for (let at = 0; at < Math.max(receipts.length, verdicts.length); at++)
      if (!isDeepStrictEqual(receipts[at], verdicts[at]))
        return `receipt ${at} is ${told(receipts[at])}, by the model ${told(verdicts[at])}`;
    return undefined;
  }

  /** An entry that the state does not have as the model has it. */
  difference(): string | undefined {
    if (this.#lost) return undefined;
    const modelled = this.#model.entries();
    const kept = [...this.#state.source.entries()].filter(([key]) => isModelled(stateKeyText(key)));
    const entries = new Map(kept.map(([key, value]) => [stateKeyText(key), value]));
    for (const key of new Set([...entries.keys(), ...modelled.keys()]))
      if (!isDeepStrictEqual(entries.get(key), modelled.get(key)))
        return `in the end ${key} is ${told(entries.get(key))}, by the model ${told(modelled.get(key))}`;
    return undefined;
  }
}

const told = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ?? 'nothing';
