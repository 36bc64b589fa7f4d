/** What the set of the next epoch would be after a change, as far as it can be known before it happens. */
import type { Height, ValidatorIndex } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';
import { VALIDATORS_MIN } from '../../ledger/limits.ts';
import type { Change } from '../../ledger/membership/change.ts';
import { withParameter } from '../../ledger/membership/parameters.ts';
import { type Mode, seatsOf } from '../../ledger/membership/seats.ts';
import { type ValidatorRecord, withStatus } from '../../ledger/membership/validator-record.ts';
import {
  isQuorum,
  isWeakQuorum,
  powerOf,
  requiredPower,
  type ValidatorSet,
  validatorSet,
} from '../../ledger/validators.ts';

export interface Situation {
  readonly records: readonly ValidatorRecord[];
  readonly running: KnownEpoch;
  readonly mode: Mode;
  /** Whom the node that was asked sees now. */
  readonly live: ReadonlySet<ValidatorIndex>;
}

/** Somebody leaves with all of its stake, or with a part. */
export interface Leaving {
  readonly kind: 'unbond';
  readonly validator: ValidatorIndex;
  readonly amount: bigint;
}

export interface Danger {
  readonly code: 'LIVE_POWER' | 'TOO_FEW' | 'GREAT_HOLDER';
  /** For people, with the numbers. */
  readonly message: string;
  /** False for what is so already, or has to be so: then it is a warning. */
  readonly refuses: boolean;
}

export interface Foreseen {
  readonly members: readonly {
    readonly index: number;
    readonly name: string;
    readonly power: bigint;
    readonly live: boolean;
    /** It would go, and stays because too few would be left. */
    readonly kept: boolean;
  }[];
  readonly total: bigint;
  readonly quorum: bigint;
  /** Power of those who are there now. */
  readonly live: bigint;
  /** Of those whose validators belong to one account: the greatest. */
  readonly holder: { readonly validators: readonly number[]; readonly power: bigint };
  readonly dangers: readonly Danger[];
}

export function foresee(situation: Situation, change: Change | Leaving): Foreseen {
  const { running, mode } = situation;
  const [records, parameters] = changed(situation, change);
  const seats = seatsOf(records, running.validators, mode, parameters.membership);
  const set = validatorSet(seats.members);
  const restarted = change.kind === 'rotate-validator' ? [change.validator] : [];
  const isLive = (index: ValidatorIndex): boolean => situation.live.has(index) && !restarted.includes(index);
  const kept = new Set(seats.kept.map(({ index }) => index));
  const members = set.members.map(({ index, name, power }) => ({
    index,
    name,
    power,
    live: isLive(index),
    kept: kept.has(index),
  }));
  const live = powerOf(set, set.members.map(({ index }) => index).filter(isLive));
  const holder = greatestHolder(set, records);
  const dangers = [
    ...livePowerDanger(situation, set, live, restarted),
    ...tooFewDanger(situation, set, kept),
    ...holderDanger(situation, set, holder),
  ];
  return { members, total: set.total, quorum: requiredPower(set), live, holder, dangers };
}

function changed(
  { records, running, mode }: Situation,
  change: Change | Leaving,
): readonly [readonly ValidatorRecord[], KnownEpoch['parameters']] {
  const { parameters } = running;
  const height = running.lastHeight;
  const alter = (index: ValidatorIndex, by: (record: ValidatorRecord) => ValidatorRecord) =>
    [records.map((record) => (record.index === index ? by(record) : record)), parameters] as const;
  switch (change.kind) {
    case 'admit-validator':
      return [mode === 'equal' ? [...records, newcomer(records, change, height)] : records, parameters];
    case 'remove-validator':
      return alter(change.validator, (record) => withStatus(record, 'removed', height));
    case 'unbond':
      return alter(change.validator, (record) =>
        change.amount >= record.stake
          ? withStatus(record, 'exiting', height)
          : { ...record, stake: record.stake - change.amount },
      );
    case 'set-parameter':
      return [records, withParameter(parameters, change.name, change.value)];
    case 'rotate-validator':
    case 'admit-observer':
    case 'remove-observer':
    case 'upgrade':
      return [records, parameters];
    default:
      return unreachable(change);
  }
}

/** Its index is that of nobody: which one it gets is decided when it is admitted. */
function newcomer(
  records: readonly ValidatorRecord[],
  { name, account, publicKey, peerId }: Extract<Change, { kind: 'admit-validator' }>,
  since: Height,
): ValidatorRecord {
  const taken = new Set<number>(records.map(({ index }) => index));
  let index = 0;
  while (taken.has(index)) index += 1;
  const [like] = records as [ValidatorRecord];
  return {
    ...like,
    index: index as ValidatorIndex,
    name,
    account,
    publicKey,
    peerId,
    status: 'pending',
    since,
    stake: 0n,
  };
}

function greatestHolder(set: ValidatorSet, records: readonly ValidatorRecord[]): Foreseen['holder'] {
  const accounts = new Map(records.map(({ index, account }) => [index, account]));
  const holders = Map.groupBy(set.members, ({ index }) => accounts.get(index));
  const held = [...holders.values()].map((members) => {
    const validators = members.map(({ index }) => index);
    return { validators, power: powerOf(set, validators) };
  });
  return held.reduce((a, b) => (b.power > a.power ? b : a));
}

function livePowerDanger(
  { running, live }: Situation,
  set: ValidatorSet,
  power: bigint,
  restarted: readonly ValidatorIndex[],
): readonly Danger[] {
  if (isQuorum(set, power)) return [];
  const wasQuorum = isQuorum(running.validators, powerOf(running.validators, live));
  const who = restarted.length === 0 ? '' : `, until validator ${restarted.join()} runs with its new key`;
  const message = `only ${power} of ${set.total} would be there, and ${requiredPower(set)} is needed: nothing would commit${who}`;
  return [{ code: 'LIVE_POWER', message, refuses: wasQuorum }];
}

function tooFewDanger({ running }: Situation, set: ValidatorSet, kept: ReadonlySet<number>): readonly Danger[] {
  if (set.members.length >= VALIDATORS_MIN && kept.size === 0) return [];
  const left = set.members.length - kept.size;
  const stay =
    kept.size === 0 ? '' : `; ${[...kept].join(', ')} would keep the seat, so that they are ${set.members.length}`;
  const message = `${left} validators would be left, and with fewer than ${VALIDATORS_MIN} nobody may fail${stay}`;
  return [{ code: 'TOO_FEW', message, refuses: left < running.validators.members.length - running.kept.length }];
}

function holderDanger(
  { running, records }: Situation,
  set: ValidatorSet,
  { validators, power }: Foreseen['holder'],
): readonly Danger[] {
  if (!isWeakQuorum(set, power)) return [];
  const before = greatestHolder(running.validators, records).power;
  const message = `the account of validator ${validators.join(', ')} would have ${power} of ${set.total}, a third or more: it could stop all commits alone`;
  return [{ code: 'GREAT_HOLDER', message, refuses: !isWeakQuorum(running.validators, before) }];
}
