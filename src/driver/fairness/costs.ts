/**
 * What work costs a node, in microseconds of its main thread: the price list by which peers are charged before their messages
 * are looked at, and by which simulated nodes spend time. Measured once on one machine (`node test/bench/costs.ts`), rounded
 * up, and the same everywhere since: budgets and traces must not depend on where they run.
 */
import type { PeerMessage } from '../wire/wire.ts';

type ByKind = Readonly<Record<PeerMessage['kind'], number>>;

/** Strict decoding of a KiB. Lists of hashes become text, flat bytes are cut out; short messages cost what their fields do. */
const decodeKiBOf: ByKind = {
  vote: 12,
  'pre-prepare': 11,
  'view-change': 6,
  'new-view': 4,
  status: 16,
  transactions: 5,
  'fetch-transactions': 11,
  'fetch-body': 25,
  body: 6,
  'fetch-blocks': 80,
  blocks: 5,
  certificate: 5,
  evidence: 9,
};

/** Encoding of a KiB, once for all receivers. */
const encodeKiBOf: ByKind = {
  vote: 12,
  'pre-prepare': 5,
  'view-change': 2,
  'new-view': 2,
  status: 7,
  transactions: 1,
  'fetch-transactions': 7,
  'fetch-body': 20,
  body: 2,
  'fetch-blocks': 50,
  blocks: 1,
  certificate: 3,
  evidence: 4,
};

/** KiB beyond the first, which is in the price of the thing. */
export const kibBeyondFirst = (bytes: number): number => Math.max(0, bytes / 1024 - 1);

export const COSTS = {
  /** A message that comes, whatever it holds: its frame, its turn, its dispatch. Among many; one that is alone takes 40. */
  message: 5,
  /** A message that goes, to each receiver. */
  send: 2,
  /** A KiB on its way in or out: what libp2p takes to copy and to encrypt it. */
  wireKiB: 2,
  /** Strict decoding and encoding of a KiB of what is no message: what is stored. */
  decodeKiB: 12,
  encodeKiB: 6,
  decodeKiBOf,
  encodeKiBOf,
  /** A transaction decoded strictly, and its id: for each one in a bundle, a body or a range of blocks. */
  transaction: 6,
  /** And for each KiB of it beyond the first. */
  transactionKiB: 4,
  /** A transaction of a bundle that is only looked up: cut out, hashed, and found here or among the refused. */
  known: 2,
  /** A transaction's id in a body that is hashed: encoded, and its part of the hash. */
  bodyId: 0.25,
  hashKiB: 1,
  /** A signature that is checked on the main thread: a vote's. The same on a thread that checks in bulk. */
  verify: 65,
  /** And for each KiB of its message beyond the first, which SHA-512 goes through. */
  verifyKiB: 3,
  /** What is left on the main thread of one that is checked in bulk elsewhere: a transaction's. */
  verifyElsewhere: 2,
  sign: 25,
  /** An answer of the store; a key of it, read or found by a scan; and each KiB of its value. */
  answer: 15,
  read: 1.5,
  readKiB: 0.5,
  /** A batch handed to the store; a key of it; and each KiB of its value. */
  batch: 50,
  write: 0.6,
  writeKiB: 1,
  /** A transaction of a body that is executed, or skipped; and the block that they make. */
  execute: 11,
  block: 10,
} as const;
