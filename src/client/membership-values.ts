/** Validators, epochs and proposals as a node tells of them, and whether it proves what it says of a validator. */
import { BitArray } from '@chainsafe/ssz';
import type { OffenceJson } from '../api/block.ts';
import type { EpochJson, ListedValidator, ProposalsJson, ValidatorJson } from '../api/membership.ts';
import type { Epoch, Height, ValidatorIndex } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { fromHex } from '../codec/hex.ts';
import { parseAddress } from '../crypto/address.ts';
import type { KnownEpoch } from '../ledger/epoch.ts';
import { VALIDATORS_MAX } from '../ledger/limits.ts';
import { VALIDATORS, type ValidatorRecord } from '../ledger/membership/validator-record.ts';
import { type Validator, validatorSet } from '../ledger/validators.ts';
import type { ProvedState, TrustedNetwork } from './state-proof.ts';
import { type Stood, type StoodProofError, verifyStood } from './state-reads.ts';

/** A validator in a list. Amounts are in the smallest unit. */
export interface ListedTold extends Omit<ListedValidator, 'stake' | 'power' | 'slashed' | 'unbonding'> {
  readonly stake: bigint;
  /** In the epoch of the next block; 0 without a seat. */
  readonly power: bigint;
  /** What penalties took from it, in all. */
  readonly slashed: bigint;
  /** Taken out in these epochs, and not withdrawn yet. */
  readonly unbonding: readonly { readonly amount: bigint; readonly epoch: number }[];
}

export interface ValidatorTold extends ListedTold, Stood {
  /** Of the block after this one. Nothing proves it, nor `power` and `kept`. */
  readonly epoch: number;
  /** What its status means, for people. */
  readonly explanation: string;
  /** What it was caught at, as far as the node holds the proof. Anyone can check the signatures. */
  readonly evidence: readonly OffenceJson[];
}

type ProposalJsonOfList = ProposalsJson['proposals'][number];
export interface ProposalTold extends Omit<ProposalJsonOfList, 'votes' | 'quorum' | 'total'> {
  /** Powers for and against it. */
  readonly votes: { readonly yes: bigint; readonly no: bigint };
  /** Power that is enough to pass it. */
  readonly quorum: bigint;
  readonly total: bigint;
}

export const listedFromJson = ({ stake, power, slashed, unbonding, ...rest }: ListedValidator): ListedTold => ({
  ...rest,
  stake: BigInt(stake),
  power: BigInt(power),
  slashed: BigInt(slashed),
  unbonding: unbonding.map(({ amount, epoch }) => ({ amount: BigInt(amount), epoch })),
});

export function validatorFromJson(json: ValidatorJson): ValidatorTold {
  const { epoch, explanation, evidence, height, timestampMs, stateRoot, proof, ...listed } = json;
  const stood = { height, timestampMs, stateRoot, ...(proof && { proof }) };
  return { ...listedFromJson(listed), epoch, explanation, evidence, ...stood };
}

export const proposalFromJson = ({ votes, quorum, total, ...rest }: ProposalJsonOfList): ProposalTold => ({
  ...rest,
  votes: { yes: BigInt(votes.yes), no: BigInt(votes.no) },
  quorum: BigInt(quorum),
  total: BigInt(total),
});

/** The epoch as the ledger knows it. Whose indices do not grow, or who has no power, is in no set: error MALFORMED. */
export function knownEpochFromJson(json: EpochJson): Result<KnownEpoch, Coded<'MALFORMED'>> {
  const { consensus, ledger, membership } = json.parameters;
  const members = json.validators.map(({ publicKey, power, ...rest }) => ({
    ...rest,
    publicKey: fromHex(publicKey),
    power: BigInt(power),
  })) as unknown as Validator[];
  const isSet = members.every(
    ({ index, power }, i) => power > 0n && index > (members[i - 1]?.index ?? -1) && index < VALIDATORS_MAX,
  );
  if (!isSet || members.length === 0) return fail('MALFORMED', 'the validators of the epoch are no set');
  return ok({
    epoch: json.epoch as Epoch,
    firstHeight: json.firstHeight as Height,
    lastHeight: json.lastHeight as Height,
    validators: validatorSet(members),
    kept: json.kept as ValidatorIndex[],
    observers: json.observers,
    followers: json.followers,
    parameters: {
      consensus,
      ledger: {
        ...ledger,
        weightPrice: BigInt(ledger.weightPrice),
        minimumBalance: BigInt(ledger.minimumBalance),
        depositPerByte: BigInt(ledger.depositPerByte),
      },
      membership: { ...membership, minStake: BigInt(membership.minStake) },
    },
    upgrade: json.upgrade && { version: json.upgrade.version, height: json.upgrade.height as Height },
  });
}

/** The record as it is in the state. Error: MALFORMED, there can be none like this. */
export function recordFromTold(told: ListedTold, addressPrefix: string): Result<ValidatorRecord, Coded<'MALFORMED'>> {
  const { power: _power, kept: _kept, account: text, missedBefore, publicKey, unbonding, ...rest } = told;
  const account = parseAddress(text, addressPrefix);
  if (!account.ok) return fail('MALFORMED', `the account has no address: ${account.error.message}`);
  const record = {
    index: rest.index,
    name: rest.name,
    account: account.value,
    publicKey: fromHex(publicKey),
    peerId: rest.peerId,
    status: rest.status,
    since: rest.since,
    stake: rest.stake,
    unbonding,
    slashed: rest.slashed,
    offences: rest.offences,
    jailedUntil: rest.jailedUntil,
    missed: rest.missed,
    missedBefore: bitsOf(missedBefore),
    left: rest.left,
  };
  return ok(record as unknown as ValidatorRecord);
}

function bitsOf(indices: readonly number[]): BitArray {
  const bits = BitArray.fromBitLen(VALIDATORS_MAX);
  for (const index of indices) if (index < VALIDATORS_MAX) bits.set(index, true);
  return bits;
}

/** Whether the proof shows the record of the validator: all but `power`, `kept` and what is told beside it. Errors: StoodProofError,
 *  MALFORMED. */
export function verifyValidator(
  network: TrustedNetwork,
  told: ValidatorTold,
): Result<ProvedState, StoodProofError | Coded<'MALFORMED'>> {
  const record = recordFromTold(told, network.addressPrefix);
  return record.ok ? verifyStood(network, VALIDATORS.key(record.value.index), record.value, told) : record;
}
