/** The ledger beside its model, through a random chain. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { present } from '../../../src/base/invariant.ts';
import { execute } from '../../../src/ledger/execute.ts';
import { advance, genesisState } from '../../../src/ledger/state/ledger-state.ts';
import type { MemoryState } from '../../../src/ledger/state/memory-state.ts';
import { isModelled, Model } from '../../../src/simulator/checkers/ledger-model.ts';
import { membersIn } from '../../../src/simulator/checkers/members-model.ts';
import { bodyOf, makeTransaction } from '../network.ts';
import { BEGINNING, type Chain, chains, senders, transactionsOf } from './chains.ts';
import { genesisWith } from './kit.ts';

const CHAINS_OF_A_SEED = 50;

/** What differs first in the chains of this seed; undefined where nothing does. */
export function differenceOf(seed: number): string | undefined {
  for (const chain of fc.sample(chains, { seed, numRuns: CHAINS_OF_A_SEED })) {
    const difference = differenceIn(chain);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function differenceIn({ parameters, bodies }: Chain): string | undefined {
  const genesis = genesisWith(parameters);
  const state = genesisState(genesis);
  const model = new Model(genesis, membersIn(state));
  const { chainId } = genesis;
  const beginning = makeTransaction({ chainId, sender: present(senders[0], 'sender'), operations: [BEGINNING] });
  for (const body of [null, ...bodies]) {
    const transactions = body === null ? [beginning] : transactionsOf(chainId, body, model.nonceOf);
    const verdicts = model.append(transactions);
    const block = execute(state, bodyOf(transactions), transactions);
    advance(state, block);
    const { executed, receipts } = block.record;
    const said = receipts.map(({ code, feePaid }, index) => ({ position: executed[index], code, feePaid }));
    const [is, should] = [stateOf(state.source), sorted([...model.entries()])];
    if (isDeepStrictEqual(said, verdicts) && isDeepStrictEqual(is, should)) continue;
    return `at height ${model.height}: ${told({ said, is })} instead of ${told({ said: verdicts, is: should })}`;
  }
  return undefined;
}

const stateOf = (source: MemoryState): Map<string, unknown> =>
  sorted(
    [...source.entries()]
      .map(([{ kind, text }, value]): [string, unknown] => [`${kind.name}/${text}`, value])
      .filter(([key]) => isModelled(key)),
  );

const sorted = (entries: [string, unknown][]): Map<string, unknown> =>
  new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));

const told = ({ said, is }: { readonly said: unknown; readonly is: Map<string, unknown> }): string =>
  JSON.stringify({ said, is: [...is] }, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
