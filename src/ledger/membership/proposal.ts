/**
 * Proposals: changes that validators vote on. A chain keeps the newest of them: a proposal stands in the slot that its number names, where
 * it stays until another one needs the slot, which has to wait for as long as it is open.
 */
import { type BitArray, BitVectorType, ContainerType, OptionalType, type ValueOf } from '@chainsafe/ssz';
import { z } from 'zod';
import type { Height, ValidatorIndex } from '../../base/brand.ts';
import { ok } from '../../base/result.ts';
import { type Codec, codec } from '../../codec/codec.ts';
import { nameOf, uint16, uint64 } from '../../codec/types.ts';
import { PROPOSALS_MAX, VALIDATORS_MAX } from '../limits.ts';
import type { Field } from '../operations/fields.ts';
import { EntryKind, type StateKey } from '../state/entry-kind.ts';
import type { Entries } from '../state/overlay.ts';
import { CHANGE_CODES, type Change, type ChangeCode, changeField } from './change.ts';

/**
 * Open: votes count. Passed: more than two thirds of the power are for it, and the end of the epoch makes it happen; nothing takes
 * that back. Rejected: a third is against it, so that it cannot pass. Expired: neither, up to its last height. Applied: it happened.
 * Failed: it passed, and could not be done by then.
 */
const PROPOSAL_STATUSES = ['open', 'passed', 'rejected', 'expired', 'applied', 'failed'] as const;
export type ProposalStatus = (typeof PROPOSAL_STATUSES)[number];

export const proposalStatusField: Field<ProposalStatus, ProposalStatus> = {
  type: nameOf(PROPOSAL_STATUSES),
  schema: z.enum(PROPOSAL_STATUSES),
  toJson: (status) => status,
  fromJson: ok,
};

const ProposalType = new ContainerType({
  /** Counted from 0. */
  id: uint64(),
  proposer: uint16<ValidatorIndex>(),
  change: changeField.type,
  /** Who is for it, and who is against it, by index. */
  yes: new BitVectorType(VALIDATORS_MAX),
  no: new BitVectorType(VALIDATORS_MAX),
  /** The last height at which votes count. */
  expires: uint64<Height>(),
  status: proposalStatusField.type,
  /** The height at which it came to have this status. */
  since: uint64<Height>(),
  /** Of one that failed: why. */
  failure: new OptionalType(nameOf(Object.keys(CHANGE_CODES))),
});

export type Proposal = Readonly<Omit<ValueOf<typeof ProposalType>, 'change' | 'failure'>> & {
  readonly change: Change;
  readonly failure: ChangeCode | null;
};

const proposalCodec = codec('Proposal', ProposalType, ProposalType.maxSize) as unknown as Codec<Proposal>;

/** Proposals under their slots. */
export const PROPOSALS = new EntryKind<number, Proposal>('proposal', proposalCodec, (slot) =>
  slot.toString().padStart(2, '0'),
);

/** The slot of the proposal with this number. */
export const slotOf = (id: number): number => id % PROPOSALS_MAX;

const GovernanceType = new ContainerType({
  /** The number of the next proposal. */
  nextProposal: uint64(),
});

const GOVERNANCES = new EntryKind<'next', Readonly<ValueOf<typeof GovernanceType>>>(
  'governance',
  codec('Governance', GovernanceType, GovernanceType.maxSize),
  (key) => key,
);
export const GOVERNANCE = GOVERNANCES.key('next');

/** All that there can be: whoever goes through all proposals touches these. */
export const ALL_PROPOSALS: readonly StateKey<Proposal>[] = Array.from({ length: PROPOSALS_MAX }, (_, slot) =>
  PROPOSALS.key(slot),
);

/** By slot. */
export function* proposalsIn(entries: Pick<Entries, 'get'>): Generator<Proposal> {
  for (const key of ALL_PROPOSALS) {
    const proposal = entries.get(key);
    if (proposal !== undefined) yield proposal;
  }
}

/** Whether it may still change anything. */
export const isPending = ({ status, expires }: Proposal, height: Height): boolean =>
  status === 'passed' || (status === 'open' && height <= expires);

/** With another status, since this height. */
export const settled = (proposal: Proposal, status: ProposalStatus, height: Height): Proposal =>
  proposal.status === status ? proposal : { ...proposal, status, since: height };

/** The indices with this one among them, or not. */
export function withIndex(indices: BitArray, index: ValidatorIndex, is: boolean): BitArray {
  const changed = indices.clone();
  changed.set(index, is);
  return changed;
}

export { GOVERNANCES };
