/** What the hunt looks for: random faults and liars, one key on two replicas, or messages mutated by round; and crashes,
 *  partitions and bad wires in the Raft that PBFT is compared with. */
import type { Scenario } from '../../src/simulator/search/scenario.ts';

export type Kind = 'faults' | 'twins' | 'fuzz' | 'raft';

/** `mix`: faults, and fuzz with some of the seeds. */
export const SEARCHES = ['mix', 'faults', 'twins', 'fuzz', 'raft'] as const;
export type Search = (typeof SEARCHES)[number];

/** Of a mix, one seed in so many is fuzz. It takes a twentieth of the time of the others. */
const FUZZ_STEP = 5;

export const kindOf = (search: Search, seed: number): Kind =>
  search !== 'mix' ? search : seed % FUZZ_STEP === 0 ? 'fuzz' : 'faults';

/** What all scenarios of a hunt have in common, whatever their seed says. */
export interface Only {
  /** Nobody lies, and no disk makes a liar of its node. */
  readonly withoutLiars?: boolean;
  /** Validators come and go. */
  readonly members?: boolean;
}

/** Without its disk a node may contradict itself, as liars do. */
const FORGETTING = 'amnesia';

export const narrowed = (scenario: Scenario, { withoutLiars = false, members = false }: Only = {}): Scenario => {
  const honest = { ...scenario, liars: [], faults: scenario.faults.filter((name) => name !== FORGETTING) };
  // Nobody carries it out.
  delete honest.plan;
  return { ...(withoutLiars ? honest : scenario), ...(members ? { members } : {}) };
};

/** As options of the command. */
export const onlyText = ({ withoutLiars = false, members = false }: Only): string =>
  `${withoutLiars ? ' --without-liars' : ''}${members ? ' --members' : ''}`;
