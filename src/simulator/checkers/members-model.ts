/**
 * What operations on validators and proposals have to do, written once more and as plainly as can be. It knows what they make of the
 * state within an epoch; what the end of an epoch, or evidence, makes of it is told to it.
 */
import { BitArray } from '@chainsafe/ssz';
import type { Address, Height, ValidatorIndex } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import { toHex } from '../../codec/hex.ts';
import { isSystemAccount } from '../../ledger/account.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { PROPOSAL_HEIGHTS_MAX, VALIDATORS_MAX } from '../../ledger/limits.ts';
import type { Change } from '../../ledger/membership/change.ts';
import { GOVERNANCE, type Proposal, proposalsIn } from '../../ledger/membership/proposal.ts';
import { type ValidatorRecord, validatorsIn } from '../../ledger/membership/validator-record.ts';
import { PARAMETER_RANGES } from '../../ledger/parameter-ranges.ts';
import type { LedgerState } from '../../ledger/state/ledger-state.ts';
import { isEd25519PeerId } from '../../ledger/peer-id.ts';
import type { Operation } from '../../ledger/transaction.ts';

/** Validators by index, and proposals by slot. */
export interface Members {
  readonly running: KnownEpoch;
  readonly validators: ReadonlyMap<number, ValidatorRecord>;
  readonly proposals: ReadonlyMap<number, Proposal>;
  readonly nextProposal: number;
}

/** Those that a state has, for its next block. */
export function membersIn({ source, epochs, head }: Pick<LedgerState, 'source' | 'epochs' | 'head'>): Members {
  const running = epochs.at((head.header.height + 1) as Height) as KnownEpoch;
  return {
    running,
    validators: new Map([...validatorsIn(source)].map((record) => [record.index, record])),
    proposals: new Map([...proposalsIn(source)].map((proposal) => [proposal.id % 64, proposal])),
    nextProposal: source.get(GOVERNANCE)?.nextProposal ?? 0,
  };
}

export type MembersOperation = Extract<
  Operation,
  { kind: 'bond' | 'unbond' | 'withdraw' | 'unjail' | 'propose' | 'vote' }
>;

/** What an operation is done with. */
interface Doing {
  readonly members: Members;
  readonly sender: Address;
  readonly height: Height;
  readonly genesis: Genesis;
  readonly fail: (code: string) => never;
}

type Of<K> = Extract<MembersOperation, { kind: K }>;

/** The members after the operation; what it pays is the caller's to do. */
export function membersAfter(doing: Doing, operation: MembersOperation): Members {
  switch (operation.kind) {
    case 'bond':
    case 'unbond':
    case 'withdraw':
      if (doing.genesis.consensus.mode !== 'stake') doing.fail('NOT_STAKE_MODE');
      if (operation.amount === 0n) doing.fail('AMOUNT_ZERO');
      return withRecord(doing, moved(doing, operation));
    case 'unjail':
      return withRecord(doing, freed(doing, operation));
    case 'propose':
      return proposed(doing, operation);
    case 'vote':
      return voted(doing, operation);
    default:
      return unreachable(operation);
  }
}

const withRecord = ({ members }: Doing, record: ValidatorRecord): Members => ({
  ...members,
  validators: new Map([...members.validators, [record.index, record]]),
});

const withProposal = ({ members }: Doing, proposal: Proposal, nextProposal = members.nextProposal): Members => ({
  ...members,
  nextProposal,
  proposals: new Map([...members.proposals, [proposal.id % 64, proposal]]),
});

function own({ members, sender, fail }: Doing, index: number): ValidatorRecord {
  const record = members.validators.get(index) ?? fail('NOT_A_VALIDATOR');
  return record.account === sender ? record : fail('NOT_YOUR_VALIDATOR');
}

function moved(doing: Doing, { kind, validator, amount }: Of<'bond' | 'unbond' | 'withdraw'>): ValidatorRecord {
  const { members, height, fail } = doing;
  const { epoch, parameters, validators } = members.running;
  const record = own(doing, validator);
  const { status } = record;
  const least = parameters.membership.minStake > 1n ? parameters.membership.minStake : 1n;
  const become = (next: ValidatorRecord['status'], of: ValidatorRecord): ValidatorRecord =>
    next === of.status ? of : { ...of, status: next, since: height };
  if (kind === 'withdraw') return withdrawn(doing, record, amount);
  if (status === 'tombstoned') fail('TOMBSTONED');
  if (status === 'removed') fail('REMOVED');
  if (kind === 'bond') {
    const more = { ...record, stake: record.stake + amount };
    const isNew = status === 'candidate' || status === 'unbonded';
    if ((isNew || status === 'exiting') && record.jailedUntil > epoch) return become('jailed', more);
    if (isNew) return become(more.stake >= least ? 'pending' : 'candidate', more);
    return status === 'exiting' ? become('active', more) : more;
  }
  if (status === 'exiting') fail('EXITING');
  if (amount > record.stake) fail('INSUFFICIENT_STAKE');
  if (amount < record.stake && record.stake - amount < least) fail('BELOW_MIN_STAKE');
  const isSeated = validators.members.some(({ index }) => index === validator);
  if (amount === record.stake && isSeated) return become('exiting', record);
  const sameEpoch = record.unbonding.find((each) => each.epoch === epoch);
  const others = record.unbonding.filter((each) => each.epoch !== epoch);
  const unbonding = [...others, { amount: amount + (sameEpoch?.amount ?? 0n), epoch }];
  const less = { ...record, stake: record.stake - amount, unbonding };
  return less.stake === 0n ? become('unbonded', less) : less;
}

const sum = (some: ValidatorRecord['unbonding']): bigint => some.reduce((total, each) => total + each.amount, 0n);

function withdrawn({ members, fail }: Doing, record: ValidatorRecord, amount: bigint): ValidatorRecord {
  const { epoch, parameters } = members.running;
  const isFree = (since: number): boolean => epoch >= since + parameters.membership.unbondingEpochs + 1;
  if (amount > sum(record.unbonding)) fail('INSUFFICIENT_STAKE');
  if (amount > sum(record.unbonding.filter((each) => isFree(each.epoch)))) fail('NOT_RELEASED');
  // What is free is the oldest.
  let rest = amount;
  const unbonding = record.unbonding.map((each) => {
    const taken = each.amount < rest ? each.amount : rest;
    rest -= taken;
    return { ...each, amount: each.amount - taken };
  });
  return { ...record, unbonding: unbonding.filter((each) => each.amount > 0n) };
}

function freed(doing: Doing, { validator }: Of<'unjail'>): ValidatorRecord {
  const { members, height, genesis, fail } = doing;
  const record = own(doing, validator);
  if (record.status !== 'jailed') fail('NOT_JAILED');
  if (members.running.epoch < record.jailedUntil) fail('JAILED_UNTIL');
  const { minStake } = members.running.parameters.membership;
  const isPoor = genesis.consensus.mode === 'stake' && (record.stake === 0n || record.stake < minStake);
  const nobody = BitArray.fromBitLen(VALIDATORS_MAX);
  return { ...record, status: isPoor ? 'candidate' : 'pending', since: height, missed: 0, missedBefore: nobody };
}

function ownSeat(doing: Doing, index: ValidatorIndex): void {
  own(doing, index);
  if (!doing.members.running.validators.members.some((member) => member.index === index)) doing.fail('NO_VOTE');
}

const isOpen = ({ status, expires }: Proposal, height: Height): boolean =>
  status === 'passed' || (status === 'open' && expires >= height);

function proposed(doing: Doing, { validator, change, expires }: Of<'propose'>): Members {
  const { members, height, fail } = doing;
  ownSeat(doing, validator);
  if (expires < height || expires - height > PROPOSAL_HEIGHTS_MAX) fail('EXPIRES_OUT_OF_RANGE');
  const open = [...members.proposals.values()].filter((proposal) => isOpen(proposal, height));
  const ofOne = open.filter(({ proposer }) => proposer === validator).length;
  if ((ofOne + 1) * members.running.validators.members.length > 64) fail('TOO_MANY_PROPOSALS');
  if (open.length === 64) fail('PROPOSALS_FULL');
  let id = members.nextProposal;
  while (open.some((proposal) => proposal.id % 64 === id % 64)) id += 1;
  checkChange(doing, change);
  const nobody = BitArray.fromBitLen(VALIDATORS_MAX);
  const yes = BitArray.fromSingleBit(VALIDATORS_MAX, validator);
  const proposal = { id, proposer: validator, change, yes, no: nobody, expires, since: height, failure: null };
  return withProposal(doing, counted(doing, { ...proposal, status: 'open' }), id + 1);
}

function voted(doing: Doing, { proposal: id, validator, approve }: Of<'vote'>): Members {
  const { members, height, fail } = doing;
  ownSeat(doing, validator);
  const found = members.proposals.get(id % 64);
  const proposal = found?.id === id ? found : fail('NO_PROPOSAL');
  if (!isOpen(proposal, height)) fail('PROPOSAL_CLOSED');
  const [yes, no] = [proposal.yes.clone(), proposal.no.clone()];
  yes.set(validator, approve);
  no.set(validator, !approve);
  return withProposal(doing, counted(doing, { ...proposal, yes, no }));
}

function counted({ members, height }: Doing, proposal: Proposal): Proposal {
  if (proposal.status !== 'open') return proposal;
  let [yes, no, all] = [0n, 0n, 0n];
  for (const { index, power } of members.running.validators.members) {
    all += power;
    if (proposal.yes.get(index)) yes += power;
    if (proposal.no.get(index)) no += power;
  }
  if (yes * 3n > all * 2n) return { ...proposal, status: 'passed', since: height };
  return no * 3n >= all ? { ...proposal, status: 'rejected', since: height } : proposal;
}

/** By the rules of the epoch that runs. */
function checkChange(doing: Doing, change: Change): void {
  const { members, height, genesis, fail } = doing;
  const { observers, parameters, upgrade } = members.running;
  const standing = (index: number): ValidatorRecord => {
    const record = members.validators.get(index) ?? fail('NOT_A_VALIDATOR');
    if (record.status === 'tombstoned') fail('TOMBSTONED');
    return record.status === 'removed' ? fail('REMOVED') : record;
  };
  switch (change.kind) {
    case 'admit-validator':
      if (isSystemAccount(change.account)) fail('SYSTEM_ACCOUNT');
      checkIdentity(doing, change);
      if (members.validators.size === VALIDATORS_MAX) fail('NO_PLACE');
      return;
    case 'remove-validator':
      return void standing(change.validator);
    case 'rotate-validator': {
      const { index, publicKey, peerId } = standing(change.validator);
      const [key, peer] = [change.publicKey ?? publicKey, change.peerId ?? peerId];
      if (!isEd25519PeerId(peer)) fail('BAD_PEER_ID');
      if (toHex(key) === toHex(publicKey) && peer === peerId) fail('NOTHING_CHANGES');
      return checkIdentity(doing, { publicKey: key, peerId: peer }, index);
    }
    case 'admit-observer':
      checkIdentity(doing, change);
      if (observers.length === 64) fail('NO_PLACE');
      return;
    case 'remove-observer':
      if (!observers.some(({ name }) => name === change.name)) fail('NOT_AN_OBSERVER');
      return;
    case 'set-parameter': {
      const all = { ...parameters.consensus, ...parameters.ledger, ...parameters.membership };
      const [least, most] = PARAMETER_RANGES[change.name];
      if (change.value < least || change.value > most) fail('PARAMETER_OUT_OF_RANGE');
      if (BigInt(all[change.name]) === change.value) fail('NOTHING_CHANGES');
      const next = { ...all, [change.name]: Number(change.value) };
      if (next.timeoutCapTicks < next.baseTimeoutTicks) fail('PARAMETER_OUT_OF_RANGE');
      if (next.blockWeightMax > genesis.ledger.blockWeightMax) fail('PARAMETER_OUT_OF_RANGE');
      const isShort = next.historyHeights > 0 && next.historyHeights < 2 * genesis.consensus.window;
      return isShort ? fail('PARAMETER_OUT_OF_RANGE') : undefined;
    }
    case 'upgrade': {
      const isThere = upgrade !== null && upgrade.height <= height;
      if (change.height <= height || change.version < 1) fail('UPGRADE_OUT_OF_RANGE');
      if (upgrade !== null && change.version < upgrade.version + (isThere ? 1 : 0)) fail('UPGRADE_OUT_OF_RANGE');
      if (change.version === upgrade?.version && change.height === upgrade.height) fail('NOTHING_CHANGES');
      return;
    }
    default:
      return unreachable(change);
  }
}

interface Identity {
  readonly name?: string;
  readonly publicKey?: Uint8Array;
  readonly peerId: string;
}

function checkIdentity({ members, fail }: Doing, { name, publicKey, peerId }: Identity, but?: number): void {
  if (!isEd25519PeerId(peerId)) fail('BAD_PEER_ID');
  const others = [...members.validators.values()].filter(({ index }) => index !== but);
  const key = publicKey && toHex(publicKey);
  const taken = [
    ...members.running.observers.flatMap((each) => [each.name, each.peerId]),
    ...others.flatMap((each) => [each.name, each.peerId, toHex(each.publicKey)]),
  ];
  if (taken.some((each) => each === name || each === peerId || each === key)) fail('IDENTITY_TAKEN');
}
