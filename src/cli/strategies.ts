/** How a validator of a development network can be made to lie, in a sentence each. */
export const STRATEGIES = {
  silent: 'says nothing',
  equivocate: 'as primary sends two bodies to two halves, and votes for both',
  corrupt: 'sends bad signatures, wrong hashes, stale and malformed messages',
} as const;
