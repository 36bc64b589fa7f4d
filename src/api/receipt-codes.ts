/** What a person can do about a transaction that stands in a block and failed: one hint for each code of a receipt. */
import { LEASE_HEIGHTS_MAX, NEW_ENTRY_WEIGHT, PROPOSAL_HEIGHTS_MAX } from '../ledger/limits.ts';
import type { OPERATIONS } from '../ledger/operations/table.ts';

type FailureCode = Exclude<(typeof OPERATIONS.codes)[number], 'OK'>;

export const RECEIPT_HINTS: Readonly<Record<FailureCode, string>> = {
  INSUFFICIENT_BALANCE: 'The account has less than it was to pay, deposits included: fund it first.',
  AMOUNT_ZERO: 'It moves one unit at least.',
  NOT_PAYABLE: 'That account holds deposits or stakes, and nobody can pay into it.',
  FEE_TOO_LOW: `What it makes costs a fee beside its weight, ${NEW_ENTRY_WEIGHT} units each: sign again with a higher maxFee.`,
  TOO_MANY_NEW:
    'It makes more new accounts and entries than a sender may make in a block: make several transactions of it.',
  BELOW_MINIMUM: 'An account has to keep the minimum balance of the genesis, or get it when it is new.',
  NAMESPACE_EXISTS: 'Somebody has that name: choose another one.',
  DUPLICATE_WRITER: 'Name each writer once.',
  NO_NAMESPACE: 'Make the namespace first.',
  NOT_OWNER: 'Only the owner of a namespace says who may write in it, and who owns it.',
  NOT_A_WRITER: 'The owner of the namespace says who may write in it.',
  CONDITION_FAILED:
    'Something else stands there than was asked for: read it again, and ask for the version that it has now.',
  LEASED: 'Another account has the lease: wait until its height has passed, or until it is released.',
  NO_ENTRY: 'Nothing stands under that key.',
  UNTIL_OUT_OF_RANGE: `A lease ends at the height of its block or later, and at most ${LEASE_HEIGHTS_MAX} heights ahead.`,
  NO_LEASE: 'The sender has no lease of it, or it has run out.',
  COUNTER_OVERFLOW: 'A counter holds a signed number of 64 bits.',
  NOT_A_VALIDATOR: 'No validator has that index: the list of validators has those that there are.',
  NOT_YOUR_VALIDATOR: 'Only the account of a validator speaks for it: sign with that one.',
  NOT_STAKE_MODE: 'On this chain each validator has one vote, and there is nothing to bond.',
  INSUFFICIENT_STAKE:
    'There is less than that: the validator’s record says how much is bonded, and how much is on its way out.',
  BELOW_MIN_STAKE: 'What is left has to be the least stake of a validator, or nothing: take less out, or all of it.',
  STAKE_LIMIT: 'All stakes together have to stay below 2^63.',
  TOMBSTONED: 'That validator broke the protocol, and cannot come back.',
  REMOVED: 'That validator was voted out.',
  EXITING: 'It is leaving, with all of its stake: a bond makes it stay.',
  NOT_RELEASED:
    'So much has not waited for long enough: it may still be cut for offences. Try it again in a later epoch.',
  NOT_JAILED: 'It is not in jail.',
  JAILED_UNTIL: 'Its time in jail is not over: its record says from which epoch on it may ask.',
  NO_VOTE: 'Only validators of the epoch that runs propose and vote.',
  PROPOSALS_FULL: 'As many proposals are open as there can be: wait until one is decided or expires.',
  TOO_MANY_PROPOSALS:
    'As many proposals of that validator are open as one may have: wait until one is decided or expires.',
  EXPIRES_OUT_OF_RANGE: `A proposal expires at the height of its block or later, and at most ${PROPOSAL_HEIGHTS_MAX} heights ahead.`,
  NO_PROPOSAL: 'There is no proposal of that number, or it was decided so long ago that newer ones took its place.',
  PROPOSAL_CLOSED: 'That proposal is decided, or has expired.',
  IDENTITY_TAKEN: 'Another validator or observer has that name, key or peer id; each of them names one.',
  NO_PLACE: 'There are as many as there can be: somebody has to leave first, and for validators its time has to pass.',
  NOT_AN_OBSERVER: 'No observer has that name.',
  NOTHING_CHANGES: 'It is so already.',
  PARAMETER_OUT_OF_RANGE:
    'That value is outside of the range of the parameter, or does not go together with the others.',
  UPGRADE_OUT_OF_RANGE: 'An upgrade is to a higher version, at a height that is still ahead.',
  BAD_PEER_ID: 'That is no peer id of an ed25519 key, and no node could read it.',
  SYSTEM_ACCOUNT: 'That account belongs to the ledger, and nobody can sign for it.',
};
