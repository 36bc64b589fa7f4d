/** What an admitted peer can flood others with: messages that are cheap to send and dear to take. */
import type { Hash, Height, ValidatorIndex, View, Epoch } from '../../src/base/brand.ts';
import { toAddress } from '../../src/codec/hex.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { encodePeerMessage } from '../../src/driver/wire/wire.ts';
import { bodyHash } from '../../src/ledger/block.ts';
import { BODY_TRANSACTIONS_MAX } from '../../src/ledger/limits.ts';
import { signedTransactionCodec, type Transaction, transactionSigningBytes } from '../../src/ledger/transaction.ts';
import { voteSigningBytes } from '../../src/ledger/vote.ts';
import {
  BUDGET_BURST_US,
  BUDGET_US_PER_MS,
  BUNDLE_TRANSACTIONS_MAX,
  REPEATED_BYTES_PER_S,
  SYNC_ANSWER_BYTES_MAX,
  SYNC_BLOCKS_MAX,
} from '../../src/driver/limits.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { present } from '../../src/base/invariant.ts';

/** The validator whose keys the flooder has. */
export const FLOODER: number = 3;
export const VALIDATORS: number = 4;

/** - `idle`: is connected and says nothing, which is what the others are measured against.
 *  - `readers`, `payments` and `new-accounts` come by HTTP, all others by libp2p. Payments to accounts that are there are what
 *    payments that make accounts are measured against: both fill the blocks. */
export const FLOOD_KINDS = [
  'idle',
  'fetch-body',
  'fetch-blocks',
  'fetch-ids',
  'transactions',
  'far-nonce',
  'proposals',
  'readers',
  'payments',
  'new-accounts',
] as const;
export type FloodKind = (typeof FLOOD_KINDS)[number];

/** Whoever floods by HTTP is one of many clients, and no validator that could be named. */
export const isNamed = (kind: FloodKind): boolean => kind !== 'idle' && !BY_HTTP.has(kind);

const BY_HTTP: ReadonlySet<FloodKind> = new Set(['readers', 'payments', 'new-accounts']);

/** A block with many transactions that every honest node has. */
export interface LargeBlock {
  readonly height: number;
  readonly bodyHash: Hash;
  readonly transactions: number;
}

export interface Flood {
  /** Go in one frame. */
  readonly messages: readonly Uint8Array[];
  /** Between two frames; 0 as fast as they are taken. */
  readonly everyMs: number;
}

/** Questions of a few bytes that all fit in 14 KiB a second. */
const QUESTIONS = 16;
const QUESTIONS_EVERY_MS = 50;
const HEARTBEAT_EVERY_MS = 1_000;
/** A view that nobody is in and that is the flooder's to propose in, which has four views for each of its own. */
const FAR_VIEW = 1_000_003;
const FAR_NONCE = 1_000_000;

/** Silent: what keeps an honest connection alive, and nothing else. */
const SILENT: Flood = { messages: [], everyMs: HEARTBEAT_EVERY_MS };

/** What to send to each honest node, again and again. */
export function floodOf(kind: FloodKind, chainId: Hash, block: LargeBlock, ed25519: Ed25519): Flood {
  switch (kind) {
    case 'idle':
    case 'readers':
    case 'payments':
    case 'new-accounts':
      return SILENT;
    case 'fetch-body': {
      const question = encodePeerMessage({ kind: 'fetch-body', height: block.height as Height, hash: block.bodyHash });
      return { messages: Array.from({ length: QUESTIONS }, () => question), everyMs: QUESTIONS_EVERY_MS };
    }
    case 'fetch-blocks': {
      const question = encodePeerMessage({ kind: 'fetch-blocks', from: 1 as Height, count: SYNC_BLOCKS_MAX });
      return { messages: Array.from({ length: QUESTIONS }, () => question), everyMs: QUESTIONS_EVERY_MS };
    }
    case 'fetch-ids':
      return endless(encodePeerMessage({ kind: 'fetch-transactions', ids: madeUpIds(BUNDLE_TRANSACTIONS_MAX) }));
    case 'transactions':
      return endless(bundle(chainId, ed25519, (nonce) => ({ nonce, expiresAt: 1 as Height })));
    case 'far-nonce':
      return endless(bundle(chainId, ed25519, (i) => ({ nonce: FAR_NONCE + i, expiresAt: 0 as Height })));
    case 'proposals':
      return endless(proposal(chainId, ed25519));
  }
}

const endless = (message: Uint8Array): Flood => ({ messages: [message], everyMs: 0 });

const madeUpIds = (count: number): Hash[] =>
  Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, '0') as Hash);

const secretOfFlooder = (): Uint8Array =>
  present(developmentNetwork(VALIDATORS).validators[FLOODER], 'the flooder').validatorSecret;

/** Transactions that are well signed, so that the others have to look closely before they can refuse them. */
function bundle(
  chainId: Hash,
  ed25519: Ed25519,
  refused: (i: number) => Pick<Transaction, 'nonce' | 'expiresAt'>,
): Uint8Array {
  const secret = secretOfFlooder();
  const sender = toAddress(ed25519.publicKey(secret));
  const operations = [{ kind: 'transfer' as const, to: sender, amount: 1n }];
  const transactions = Array.from({ length: BUNDLE_TRANSACTIONS_MAX }, (_, i) => {
    const transaction = { chainId, sender, maxFee: 0n, operations, memo: new Uint8Array(), ...refused(i) };
    const signature = ed25519.sign(secret, transactionSigningBytes(transaction));
    return signedTransactionCodec.encode({ transaction, signature });
  });
  return encodePeerMessage({ kind: 'transactions', transactions });
}

/** The largest PRE-PREPARE that there is, in a view that nobody will come to. */
function proposal(chainId: Hash, ed25519: Ed25519): Uint8Array {
  const proposer = FLOODER as ValidatorIndex;
  const transactionIds = madeUpIds(BODY_TRANSACTIONS_MAX);
  const body = { proposer, timestampMs: 1, certificate: null, transactionIds, evidence: [] };
  const hash = bodyHash(body);
  const vote = { kind: 'pre-prepare' as const, epoch: 0 as Epoch, view: FAR_VIEW as View, height: 5 as Height, hash };
  const signature = ed25519.sign(secretOfFlooder(), voteSigningBytes(chainId, vote));
  return encodePeerMessage({ kind: 'pre-prepare', vote: { vote, voter: proposer, signature }, body });
}

/** Bytes that a node may give again in so many seconds: what an account holds at first, what it gets, the first answer and the
 *  one on credit. */
export const answerBytesMax = (seconds: number): number =>
  REPEATED_BYTES_PER_S * (seconds + BUDGET_BURST_US / (VALIDATORS - 1) / 1000 / BUDGET_US_PER_MS.transactions) +
  2 * SYNC_ANSWER_BYTES_MAX;
