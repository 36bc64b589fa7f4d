/** Validators, epochs and proposals, as the JSON of the interface. */
import type { EpochJson, HandOverJson, ListedValidator, ParametersJson, ProposalsJson } from '../api/membership.ts';
import { toHex } from '../codec/hex.ts';
import { formatAddress } from '../crypto/address.ts';
import type { Header } from '../ledger/block.ts';
import type { KnownEpoch } from '../ledger/epoch.ts';
import type { HandOver } from '../ledger/hand-over.ts';
import { changeField } from '../ledger/membership/change.ts';
import { votesOf } from '../ledger/membership/governance.ts';
import { type Parameters, PARAMETER_NAMES } from '../ledger/membership/parameters.ts';
import type { Proposal } from '../ledger/membership/proposal.ts';
import type { ValidatorRecord } from '../ledger/membership/validator-record.ts';
import { powerOf, requiredPower } from '../ledger/validators.ts';
import type { Certificate } from '../ledger/vote.ts';
import { renderCertificate } from './render.ts';

export function renderValidator(
  record: ValidatorRecord,
  { validators, kept }: Pick<KnownEpoch, 'validators' | 'kept'>,
  prefix: string,
): ListedValidator {
  const { index, name, status, since, peerId, offences, jailedUntil, missed, left } = record;
  return {
    index,
    name,
    status,
    since,
    stake: String(record.stake),
    power: String(powerOf(validators, [index])),
    kept: kept.includes(index),
    account: formatAddress(record.account, prefix),
    publicKey: toHex(record.publicKey),
    peerId,
    offences,
    slashed: String(record.slashed),
    unbonding: record.unbonding.map(({ amount, epoch }) => ({ amount: String(amount), epoch })),
    jailedUntil,
    missed,
    missedBefore: record.missedBefore.getTrueBitIndexes(),
    left,
  };
}

export const renderHandOver = ({ epoch, seats }: HandOver, header: Header, certificate: Certificate): HandOverJson => ({
  epoch,
  header: { ...header },
  certificate: renderCertificate(certificate),
  validators: seats.map(({ index, publicKey, power }) => ({
    index,
    publicKey: toHex(publicKey),
    power: String(power),
  })),
});

export function renderEpoch(known: KnownEpoch): Omit<EpochJson, 'height' | 'mode' | 'fixed'> {
  const { epoch, firstHeight, lastHeight, validators, kept, observers, followers, parameters, upgrade } = known;
  return {
    epoch,
    firstHeight,
    lastHeight,
    total: String(validators.total),
    quorum: String(requiredPower(validators)),
    validators: validators.members.map(({ index, name, publicKey, peerId, power }) => ({
      index,
      name,
      publicKey: toHex(publicKey),
      peerId,
      power: String(power),
    })),
    kept: [...kept],
    observers: observers.map(({ name, peerId }) => ({ name, peerId })),
    followers: followers.map(({ name, peerId }) => ({ name, peerId })),
    parameters: renderParameters(parameters),
    changeable: PARAMETER_NAMES,
    upgrade: upgrade && { version: upgrade.version, height: upgrade.height },
  };
}

/** Amounts are text, as everywhere; the names are those of the genesis. */
function renderParameters({ consensus, ledger, membership }: Parameters): ParametersJson {
  return {
    consensus: { ...consensus },
    ledger: {
      ...ledger,
      weightPrice: String(ledger.weightPrice),
      minimumBalance: String(ledger.minimumBalance),
      depositPerByte: String(ledger.depositPerByte),
    },
    membership: { ...membership, minStake: String(membership.minStake) },
  };
}

export function renderProposal(
  proposal: Proposal,
  { validators }: Pick<KnownEpoch, 'validators'>,
  prefix: string,
): ProposalsJson['proposals'][number] {
  const { id, status, since, proposer, change, yes, no, expires, failure } = proposal;
  const votes = votesOf(validators, proposal);
  return {
    id,
    kind: change.kind,
    status,
    since,
    proposer,
    change: changeField.toJson(change, prefix),
    votes: { yes: String(votes.yes), no: String(votes.no) },
    yes: yes.getTrueBitIndexes(),
    no: no.getTrueBitIndexes(),
    quorum: String(requiredPower(validators)),
    total: String(validators.total),
    expires,
    failure,
  };
}
