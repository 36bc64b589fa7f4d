/**
 * What a change would make of the set, told before anybody signs for it: by the very rules that the end of an epoch follows, as though it
 * ended now with this change alone. Chains have stopped by changes whose numbers nobody had looked at.
 */
import type { ValidatorIndex } from '../../base/brand.ts';
import type { KnownEpoch } from '../epoch.ts';
import { VALIDATORS_MIN } from '../limits.ts';
import type { StateKey } from '../state/entry-kind.ts';
import { EntryMap } from '../state/entry-map.ts';
import { isQuorum, isWeakQuorum, powerOf, requiredPower, type Validator, validatorSet } from '../validators.ts';
import type { Change, ChangeCode } from './change.ts';
import { applied, type EpochRules, type Records, refusalOf } from './change-rules.ts';
import type { FixedRules } from './parameters.ts';
import { seatsOf } from './seats.ts';
import { VALIDATORS, type ValidatorRecord, validatorsIn } from './validator-record.ts';

/** What is known of the chain: its validators, and the epoch that runs. */
export interface Standing {
  readonly records: readonly ValidatorRecord[];
  readonly running: KnownEpoch;
  readonly fixed: FixedRules;
  /** Peer ids of the nodes that are there: those of newcomers too, where they follow already. */
  readonly live: ReadonlySet<string>;
}

/** A set of an epoch, in numbers. */
export interface Outlook {
  readonly members: readonly Validator[];
  /** Members that would have left, and stay because there are too few others. */
  readonly kept: readonly ValidatorIndex[];
  readonly power: bigint;
  /** The least power that is a quorum. */
  readonly quorum: bigint;
  /** Of the members whose nodes are there. */
  readonly livePower: bigint;
  readonly offline: readonly ValidatorIndex[];
  /** Who has the most power, with all of its validators. */
  readonly greatest: { readonly account: string; readonly power: bigint };
}

/**
 * NO_QUORUM: those that are there have two thirds of the power, or less, so that nothing would be decided. TOO_FEW: with fewer than four of
 * its own will or right, not one validator may fail; whoever leaves stays for that long. ONE_THIRD: one holder alone can stop the chain.
 */
export type Danger = 'NO_QUORUM' | 'TOO_FEW' | 'ONE_THIRD';

export interface Preflight {
  readonly before: Outlook;
  /** What the set of the next epoch would be. */
  readonly after: Outlook;
  /** Why the change cannot be made at all. */
  readonly code: ChangeCode | null;
  /** What the change would bring about. It should not be proposed. */
  readonly refused: readonly Danger[];
  /** What would be so, and is so without it. */
  readonly warned: readonly Danger[];
}

export function preflight(standing: Standing, change: Change): Preflight {
  const { records, running, fixed } = standing;
  const entries = entriesOf(records);
  const occasion = { entries, running, rules: running, fixed, height: running.lastHeight };
  const before = outlookOf(standing, entries, running);
  const code = refusalOf(occasion, change) ?? null;
  const after = code === null ? outlookOf(standing, entries, applied(occasion, change)) : before;
  const dangers = dangersOf(after);
  const already = new Set(dangersOf(before));
  return {
    before,
    after,
    code,
    refused: dangers.filter((danger) => !already.has(danger)),
    warned: dangers.filter((danger) => already.has(danger)),
  };
}

/** The validators alone, to be changed as somebody likes. */
function entriesOf(records: readonly ValidatorRecord[]): Records {
  const map = new EntryMap<unknown>();
  for (const record of records) map.set(VALIDATORS.key(record.index), record);
  return {
    get: <V>(key: StateKey<V>) => map.get(key) as V | undefined,
    set: (key, value) => map.set(key, value),
  };
}

/** The seats of the next epoch, if the one that runs ended now. */
function outlookOf(
  { running, fixed, live }: Standing,
  entries: Records,
  { parameters }: Pick<EpochRules, 'parameters'>,
): Outlook {
  const records = [...validatorsIn(entries)];
  const { members, kept } = seatsOf(records, running.validators, fixed.mode, parameters.membership);
  const set = validatorSet(members);
  const offline = members.filter(({ peerId }) => !live.has(peerId)).map(({ index }) => index);
  return {
    members,
    kept: kept.map(({ index }) => index),
    power: set.total,
    quorum: requiredPower(set),
    livePower: set.total - powerOf(set, offline),
    offline,
    greatest: greatestOf(members, new Map(records.map(({ index, account }) => [index, account]))),
  };
}

function greatestOf(
  members: readonly Validator[],
  accounts: ReadonlyMap<ValidatorIndex, string>,
): { readonly account: string; readonly power: bigint } {
  const set = validatorSet(members);
  const holders = new Set(members.map(({ index }) => accounts.get(index) ?? ''));
  const held = [...holders].map((account) => ({
    account,
    power: powerOf(
      set,
      members.filter(({ index }) => accounts.get(index) === account).map(({ index }) => index),
    ),
  }));
  return held.reduce((most, each) => (each.power > most.power ? each : most));
}

function dangersOf({ members, kept, livePower, greatest }: Outlook): readonly Danger[] {
  const set = validatorSet(members);
  const dangers: Danger[] = [];
  if (!isQuorum(set, livePower)) dangers.push('NO_QUORUM');
  if (members.length - kept.length < VALIDATORS_MIN) dangers.push('TOO_FEW');
  if (isWeakQuorum(set, greatest.power)) dangers.push('ONE_THIRD');
  return dangers;
}
