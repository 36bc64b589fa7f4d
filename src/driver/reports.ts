/** What a driver says of itself to the rest of the node, without changing anything. */
import type { Address, Epoch, Hash, Height, ValidatorIndex } from '../base/brand.ts';
import type { Status } from '../consensus/messages.ts';
import { ACCOUNTS, accountIn } from '../ledger/account.ts';
import type { ListedObserver, Upgrade } from '../ledger/membership/observer.ts';
import type { ValidatorSet } from '../ledger/validators.ts';
import type { Parts } from './assembly.ts';
import type { Buffers } from './limits.ts';
import type { AccountView, PeerId } from './ports.ts';

export interface DriverStatus {
  readonly epoch: Epoch;
  /** Of the epoch. */
  readonly validators: ValidatorSet;
  /** Whom the epoch admits beside them: its observers, and validators without a seat. */
  readonly followers: readonly ListedObserver[];
  /** Which of them we are; null while we are none. */
  readonly self: ValidatorIndex | null;
  readonly view: number;
  readonly active: boolean;
  readonly primary: ValidatorIndex;
  readonly executedHeight: Height;
  /** The newest final block that can be read here. */
  readonly finalHeight: Height;
  readonly finalHash: Hash;
  /** Height that we are behind of and catch up to; null when we are not. */
  readonly catchingUpTo: Height | null;
  readonly mempool: { readonly size: number; readonly bytes: number };
  /** The primary owes a block: transactions wait, or it was silent for long. */
  readonly waiting: boolean;
  readonly peers: ReadonlyMap<PeerId, Status | null>;
  readonly halted: boolean;
  /** Our key signs elsewhere, or promises were lost: we follow until the epoch ends. */
  readonly silenced: boolean;
  /** The newest change of the rules that is decided. */
  readonly upgrade: Upgrade | null;
}

export function statusOf({ protocol, chain, catchUp, mempool, roster, loop }: Parts): DriverStatus {
  const { epoch, view, active } = protocol.status;
  const known = chain.state.epochs.of(epoch);
  return {
    epoch,
    validators: roster.validators,
    followers: [...(known?.observers ?? []), ...(known?.followers ?? [])],
    self: roster.self,
    view,
    active,
    primary: protocol.primary,
    executedHeight: chain.executedHeight,
    finalHeight: chain.told.height,
    finalHash: chain.told.hash,
    catchingUpTo: catchUp.target(chain.executedHeight),
    mempool: { size: mempool.size, bytes: mempool.bytes },
    waiting: protocol.isWaiting,
    peers: roster.statuses,
    halted: loop.ended,
    silenced: protocol.isSilenced,
    upgrade: known?.upgrade ?? null,
  };
}

/** Undefined while it is not in memory. */
export function accountOf({ resident, mempool, chain }: Parts, address: Address): AccountView | undefined {
  if (!resident.has(ACCOUNTS.key(address))) return undefined;
  const { balance, nonce } = accountIn(resident, address);
  const pendingNonce = mempool.pendingNonce(address) ?? nonce;
  return { address, balance, nonce, pendingNonce, height: chain.executedHeight };
}

/** Whether the transaction waits here. */
export const isPending = ({ mempool, intake, bodies }: Parts, id: Hash): boolean =>
  mempool.get(id) !== undefined || intake.isChecking(id) || bodies.pool.carried.has(id);

/** What peers made this driver hold; never more than `bufferLimits`. */
export function buffersOf({ protocol, intake, dealings, mempool, bodies, catchUp }: Parts): Buffers {
  const { slots, checkpoints, viewChanges, lacking, promises, reported } = protocol.replica;
  const slotVotes = [...slots.values()].map(({ prepares, commits }) => prepares.size + commits.size);
  return {
    transactions: mempool.size,
    transactionBytes: mempool.bytes,
    gapped: mempool.gapped,
    bodies: bodies.pool.size,
    collectedBytes: bodies.verdicts.collectedBytes,
    claims: catchUp.claims,
    syncBytes: catchUp.heldBytes,
    evidence: protocol.accusations.size,
    slots: slots.size,
    slotVotes: Math.max(0, ...slotVotes),
    checkpoints: [...checkpoints.values()].reduce((sum, votes) => sum + votes.size, 0),
    viewChanges: viewChanges.size,
    promises: promises.votes.size,
    reported: reported.size,
    lacking: lacking.view.size + lacking.certificate.size,
    verifying: intake.checking,
    verifyingBytes: intake.checkingBytes,
    refused: intake.refused,
    told: intake.told,
    given: dealings.given.size,
    waiting: dealings.waiting,
    signatures: dealings.signatures.size,
  };
}
