/**
 * What work costs a node, in microseconds of its main thread: the price list by which peers are charged before their messages
 * are looked at, and by which simulated nodes spend time. Measured once on one machine (`node test/bench/costs.ts`), and the
 * same everywhere since: budgets and traces must not depend on where they run.
 */
export const COSTS = {
  /** A message, whatever it holds: its frame, its turn, its dispatch. */
  message: 5,
  /** Strict decoding, a KiB. Lists of hashes and of transactions are dearer than flat bytes. */
  decodeKiB: 12,
  encodeKiB: 6,
  hashKiB: 4,
  /** A signature that is checked on the main thread: a vote's. */
  verify: 65,
  /** What is left on the main thread of one that is checked in bulk elsewhere: a transaction's. */
  verifyElsewhere: 6,
  sign: 40,
  /** A key read from the store, and each KiB of its value. */
  read: 20,
  readKiB: 1,
  /** A key written, and each KiB of its value. */
  write: 3,
  writeKiB: 2,
  /** A transaction executed. */
  execute: 10,
} as const;
