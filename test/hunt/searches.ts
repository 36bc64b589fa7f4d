/** What the hunt looks for: random faults and liars, one key on two replicas, or messages mutated by round; and crashes,
 *  partitions and bad wires in the Raft that PBFT is compared with. */
export type Kind = 'faults' | 'twins' | 'fuzz' | 'raft';

/** `mix`: faults, and fuzz with some of the seeds. */
export const SEARCHES = ['mix', 'faults', 'twins', 'fuzz', 'raft'] as const;
export type Search = (typeof SEARCHES)[number];

/** Of a mix, one seed in so many is fuzz. It takes a twentieth of the time of the others. */
const FUZZ_STEP = 5;

export const kindOf = (search: Search, seed: number): Kind =>
  search !== 'mix' ? search : seed % FUZZ_STEP === 0 ? 'fuzz' : 'faults';
