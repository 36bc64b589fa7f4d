/** What the hunt looks for: random faults and liars, one key on two replicas, or messages mutated by round. */
export const SEARCHES = ['faults', 'twins', 'fuzz'] as const;
export type Search = (typeof SEARCHES)[number];
