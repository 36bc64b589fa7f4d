/** When a change can be made, and what it makes of validators and rules. Asked when it is proposed, so that nobody votes on what cannot be;
 *  and again when it is about to happen, since others may have come before it. */
import type { Height, ValidatorIndex } from '../../base/brand.ts';
import { present, unreachable } from '../../base/invariant.ts';
import { equalBytes } from '../../codec/codec.ts';
import { isSystemAccount } from '../account.ts';
import type { KnownEpoch } from '../epoch.ts';
import { HISTORY_WINDOWS_MIN, OBSERVERS_MAX } from '../limits.ts';
import { isEd25519PeerId } from '../peer-id.ts';
import type { Entries } from '../state/overlay.ts';
import { validatorAt } from '../validators.ts';
import type { Change, ChangeCode } from './change.ts';
import { type FixedRules, parameterOf, withParameter } from './parameters.ts';
import { PROPOSALS, proposalsIn, slotOf, withIndex } from './proposal.ts';
import {
  ALL_VALIDATORS,
  newValidator,
  VALIDATORS,
  type ValidatorRecord,
  validatorsIn,
  withStatus,
} from './validator-record.ts';

/** What an epoch has beside its validators, as changes make it. */
export type EpochRules = Pick<KnownEpoch, 'observers' | 'parameters' | 'upgrade'>;

/** Where validators stand, and proposals. */
export type Records = Pick<Entries, 'get' | 'set'>;

/** What a change is judged by. */
export interface Occasion {
  /** All validators, at least. */
  readonly entries: Records;
  readonly running: KnownEpoch;
  /** Of the next epoch, as they are so far. */
  readonly rules: EpochRules;
  readonly fixed: FixedRules;
  /** The newest height whose rules nothing can change any more. */
  readonly height: Height;
}

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** Undefined where it can be made. */
export function refusalOf(occasion: Occasion, change: Change): ChangeCode | undefined {
  const { entries, rules } = occasion;
  switch (change.kind) {
    case 'admit-validator':
      if (isSystemAccount(change.account)) return 'SYSTEM_ACCOUNT';
      if (!isEd25519PeerId(change.peerId)) return 'BAD_PEER_ID';
      if (isTaken(occasion, change)) return 'IDENTITY_TAKEN';
      return freeIndex(occasion) === undefined ? 'NO_PLACE' : undefined;
    case 'remove-validator':
      return goneCode(entries.get(VALIDATORS.key(change.validator)));
    case 'rotate-validator':
      return rotationRefusal(occasion, change);
    case 'admit-observer':
      if (!isEd25519PeerId(change.peerId)) return 'BAD_PEER_ID';
      if (isTaken(occasion, change)) return 'IDENTITY_TAKEN';
      return rules.observers.length < OBSERVERS_MAX ? undefined : 'NO_PLACE';
    case 'remove-observer':
      return rules.observers.some(({ name }) => name === change.name) ? undefined : 'NOT_AN_OBSERVER';
    case 'set-parameter':
      return parameterRefusal(occasion, change);
    case 'upgrade':
      return upgradeRefusal(occasion, change);
    default:
      return unreachable(change);
  }
}

/** The rules with a change that can be made; validators are changed where they stand. */
export function applied(occasion: Occasion, change: Change): EpochRules {
  const { entries, rules, height } = occasion;
  switch (change.kind) {
    case 'admit-validator':
      admit(occasion, change);
      return rules;
    case 'remove-validator':
      entries.set(VALIDATORS.key(change.validator), withStatus(recordAt(entries, change.validator), 'removed', height));
      return rules;
    case 'rotate-validator': {
      const record = recordAt(entries, change.validator);
      const { publicKey, peerId } = change;
      const rotated = { publicKey: publicKey ?? record.publicKey, peerId: peerId ?? record.peerId };
      entries.set(VALIDATORS.key(change.validator), { ...record, ...rotated });
      return rules;
    }
    case 'admit-observer':
      return { ...rules, observers: [...rules.observers, { name: change.name, peerId: change.peerId }] };
    case 'remove-observer':
      return { ...rules, observers: rules.observers.filter(({ name }) => name !== change.name) };
    case 'set-parameter':
      return { ...rules, parameters: withParameter(rules.parameters, change.name, change.value) };
    case 'upgrade':
      return { ...rules, upgrade: { version: change.version, height: change.height } };
    default:
      return unreachable(change);
  }
}

const recordAt = (entries: Records, index: ValidatorIndex): ValidatorRecord =>
  present(entries.get(VALIDATORS.key(index)), 'a validator that was found before');

function goneCode(record: ValidatorRecord | undefined): ChangeCode | undefined {
  if (record === undefined) return 'NOT_A_VALIDATOR';
  if (record.status === 'tombstoned') return 'TOMBSTONED';
  return record.status === 'removed' ? 'REMOVED' : undefined;
}

/** Whether somebody else, in whatever status, has one of these. A key that lied is so refused for as long as its validator is on record. */
function isTaken(
  { entries, rules }: Occasion,
  { name, publicKey, peerId }: { readonly name?: string; readonly publicKey?: Uint8Array; readonly peerId?: string },
  but?: ValidatorIndex,
): boolean {
  if (rules.observers.some((observer) => observer.name === name || observer.peerId === peerId)) return true;
  for (const record of validatorsIn(entries)) {
    if (record.index === but) continue;
    if (record.name === name || record.peerId === peerId) return true;
    if (publicKey !== undefined && equalBytes(record.publicKey, publicKey)) return true;
  }
  return false;
}

/** The lowest index that nobody has, or whose holder is gone. */
function freeIndex(occasion: Occasion): ValidatorIndex | undefined {
  return ALL_VALIDATORS.find((index) => {
    const record = occasion.entries.get(VALIDATORS.key(index));
    return record === undefined || isForgettable(record, occasion);
  });
}

/** Nothing of it is left: no stake, and no epoch in which it voted and of which evidence still counts in the next. */
function isForgettable({ index, status, stake, unbonding, left }: ValidatorRecord, { running }: Occasion): boolean {
  if (status !== 'removed' && status !== 'tombstoned' && status !== 'unbonded') return false;
  if (stake > 0n || unbonding.length > 0 || validatorAt(running.validators, index) !== undefined) return false;
  return running.epoch + 2 - left >= running.parameters.membership.unbondingEpochs;
}

function admit(occasion: Occasion, { name, account, publicKey, peerId }: Of<'admit-validator'>): void {
  const { entries, fixed, height } = occasion;
  const index = present(freeIndex(occasion), 'a free index');
  const status = fixed.mode === 'stake' ? 'candidate' : 'pending';
  const given = { index, name, account, publicKey, peerId, status, since: height, stake: 0n } as const;
  entries.set(VALIDATORS.key(index), newValidator(given));
  // Votes that somebody gave under this index before are not the newcomer's.
  for (const proposal of [...proposalsIn(entries)]) {
    const [yes, no] = [withIndex(proposal.yes, index, false), withIndex(proposal.no, index, false)];
    if (proposal.yes.get(index) || proposal.no.get(index))
      entries.set(PROPOSALS.key(slotOf(proposal.id)), { ...proposal, yes, no });
  }
}

function rotationRefusal(occasion: Occasion, change: Of<'rotate-validator'>): ChangeCode | undefined {
  const record = occasion.entries.get(VALIDATORS.key(change.validator));
  if (record === undefined || goneCode(record) !== undefined) return goneCode(record);
  const publicKey = change.publicKey ?? record.publicKey;
  const peerId = change.peerId ?? record.peerId;
  if (!isEd25519PeerId(peerId)) return 'BAD_PEER_ID';
  if (equalBytes(publicKey, record.publicKey) && peerId === record.peerId) return 'NOTHING_CHANGES';
  return isTaken(occasion, { publicKey, peerId }, record.index) ? 'IDENTITY_TAKEN' : undefined;
}

/** Beside its range: what parameters have to be to one another, as in a genesis. */
function parameterRefusal({ rules, fixed }: Occasion, { name, value }: Of<'set-parameter'>): ChangeCode | undefined {
  const [least, most] = fixed.ranges[name];
  if (value < least || value > most) return 'PARAMETER_OUT_OF_RANGE';
  if (parameterOf(rules.parameters, name) === value) return 'NOTHING_CHANGES';
  const { consensus, ledger } = withParameter(rules.parameters, name, value);
  const fits =
    consensus.timeoutCapTicks >= consensus.baseTimeoutTicks &&
    ledger.blockWeightMax <= fixed.blockWeightMax &&
    (ledger.historyHeights === 0 || ledger.historyHeights >= HISTORY_WINDOWS_MIN * fixed.window);
  return fits ? undefined : 'PARAMETER_OUT_OF_RANGE';
}

/** An upgrade that is ahead can be moved; one that has come is the least from then on. */
function upgradeRefusal({ rules, height: now }: Occasion, { version, height }: Of<'upgrade'>): ChangeCode | undefined {
  const least = rules.upgrade === null ? 1 : rules.upgrade.version + (rules.upgrade.height <= now ? 1 : 0);
  if (version < least || height <= now) return 'UPGRADE_OUT_OF_RANGE';
  return version === rules.upgrade?.version && height === rules.upgrade.height ? 'NOTHING_CHANGES' : undefined;
}
