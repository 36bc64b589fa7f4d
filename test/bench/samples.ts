/** What the prices are measured on: messages and values as large as they come, of sixteen validators. Nobody checks their
 *  signatures, so they are of random bytes. */
import { randomBytes } from 'node:crypto';
import type { Hash, ValidatorIndex } from '../../src/base/brand.ts';
import { epoch, height, validatorIndex, view } from '../../src/base/brand.ts';
import { toHex } from '../../src/codec/hex.ts';
import type { PreparedCertificate, SignedViewChange } from '../../src/consensus/messages.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import type { PeerMessage } from '../../src/driver/wire/wire.ts';
import type { Body, Header } from '../../src/ledger/block.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';
import { BODY_EVIDENCE_MAX } from '../../src/ledger/limits.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../../src/ledger/transaction.ts';
import type { Certificate, SignedVote, VoteKind } from '../../src/ledger/vote.ts';
import type { BenchAccount } from './accounts.ts';

const VALIDATORS = 16;
const WINDOW = 16;
/** Of a large block, and of the range of blocks that one answer holds. */
const TRANSACTIONS = 2_000;
const BLOCKS = 4;

const all = Array.from({ length: VALIDATORS }, (_, index) => validatorIndex(index));
const quorum = all.slice(0, Math.floor((2 * VALIDATORS) / 3) + 1);
const signature = (): Uint8Array => new Uint8Array(randomBytes(64));
const hash = (): Hash => toHex(randomBytes(32)) as Hash;

const vote = (kind: VoteKind, voter: ValidatorIndex, at: number): SignedVote => ({
  vote: { kind, epoch: epoch(1), view: view(2), height: height(at), hash: hash() },
  voter,
  signature: signature(),
});

const certificate: Certificate = {
  epoch: epoch(1),
  height: height(1),
  blockHash: hash(),
  signers: signersOf(quorum),
  signatures: quorum.map(signature),
};

const prepared = (at: number): PreparedCertificate => ({
  epoch: epoch(1),
  view: view(2),
  height: height(at),
  bodyHash: hash(),
  primary: validatorIndex(0),
  prePrepareSignature: signature(),
  prepares: signersOf(quorum.slice(1)),
  prepareSignatures: quorum.slice(1).map(signature),
});

const viewChange = (voter: ValidatorIndex): SignedViewChange => ({
  viewChange: {
    epoch: epoch(1),
    view: view(3),
    voter,
    stable: certificate,
    prepared: Array.from({ length: WINDOW }, (_, position) => prepared(2 + position)),
  },
  signature: signature(),
});

const slots = Array.from({ length: WINDOW }, (_, position) => ({
  height: height(2 + position),
  hasPrePrepare: true,
  prepares: signersOf(all),
  commits: signersOf(all),
  checkpoints: signersOf([]),
}));

const bodyOf = (transactionIds: readonly Hash[]): Body => ({
  proposer: validatorIndex(0),
  timestampMs: 1_800_000_000_000,
  certificate,
  transactionIds,
  evidence: [],
});

/** So many transfers, each account paying the next. */
export function transfersOf(accounts: readonly BenchAccount[], chainId: Hash): readonly IdentifiedTransaction[] {
  return Array.from({ length: TRANSACTIONS }, (_, turn) => {
    const account = accounts[turn % accounts.length] as BenchAccount;
    const next = accounts[(turn + 1) % accounts.length] as BenchAccount;
    const identified = identifyTransaction(account.transfer(chainId, next.address));
    if (!identified.ok) throw new Error(identified.error.message);
    return identified.value;
  });
}

export const bodyWith = (transactions: readonly IdentifiedTransaction[]): Body =>
  bodyOf(transactions.map(({ id }) => id));

/** A message of each kind. */
export function messagesOf(
  genesis: Genesis,
  items: readonly IdentifiedTransaction[],
): { readonly [K in PeerMessage['kind']]: Extract<PeerMessage, { kind: K }> } {
  const transactions = items.map(({ bytes }) => bytes);
  const fullBody = { body: bodyWith(items), transactions };
  const header: Header = genesisState(genesis).head.header;
  const viewChanges = quorum.map(viewChange);
  const prePrepares = slots.map((slot) => vote('pre-prepare', validatorIndex(0), slot.height));
  return {
    vote: { kind: 'vote', vote: vote('commit', validatorIndex(1), 3) },
    'pre-prepare': { kind: 'pre-prepare', vote: vote('pre-prepare', validatorIndex(0), 3), body: fullBody.body },
    'view-change': { kind: 'view-change', viewChange: viewChange(validatorIndex(1)) },
    'new-view': {
      kind: 'new-view',
      newView: {
        newView: { epoch: epoch(1), view: view(3), voter: validatorIndex(3), viewChanges, prePrepares },
        signature: signature(),
      },
    },
    status: {
      kind: 'status',
      status: {
        epoch: epoch(1),
        view: view(2),
        active: true,
        stableHeight: height(1),
        executedHeight: height(1),
        viewChanges: all.map((voter) => ({ voter, view: view(3) })),
        slots,
      },
    },
    transactions: { kind: 'transactions', transactions },
    'fetch-transactions': { kind: 'fetch-transactions', ids: items.map(({ id }) => id) },
    'fetch-body': { kind: 'fetch-body', height: height(3), hash: hash() },
    body: { kind: 'body', height: height(3), fullBody },
    'fetch-blocks': { kind: 'fetch-blocks', from: height(3), count: 64 },
    blocks: { kind: 'blocks', blocks: Array.from({ length: BLOCKS }, () => ({ header, fullBody, certificate })) },
    certificate: { kind: 'certificate', certificate },
    evidence: {
      kind: 'evidence',
      evidence: quorum.slice(0, BODY_EVIDENCE_MAX).map((voter) => ({
        kind: 'equivocation' as const,
        first: vote('commit', voter, 3),
        second: vote('commit', voter, 3),
      })),
    },
  };
}
