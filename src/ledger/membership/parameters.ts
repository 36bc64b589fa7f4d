/**
 * What a chain may change of its own rules, by the votes of its validators: the values in which one epoch may differ from another. All of
 * them stand in the genesis; what is not here the genesis fixes for good.
 */
import { ContainerType } from '@chainsafe/ssz';
import { uint64, uint64Big } from '../../codec/types.ts';

export const MODES = ['equal', 'stake'] as const;

export interface ConsensusParameters {
  /** `equal`: one validator, one vote. `stake`: power is bonded stake. */
  readonly mode: (typeof MODES)[number];
  /** Heights of an epoch. */
  readonly epochLength: number;
  /** Heights in flight above the newest certificate. */
  readonly window: number;
  readonly tickMs: number;
  /** First timeout of a view; it doubles with every failed one up to `timeoutCapTicks`. */
  readonly baseTimeoutTicks: number;
  readonly timeoutCapTicks: number;
  /** How far a new body's time may be ahead of a backup's clock. */
  readonly clockDriftMs: number;
  /** An empty block is proposed after this long without a transaction. */
  readonly idleBlockMs: number;
}

export interface LedgerParameters {
  /** Most weight of the transactions of a block together. */
  readonly blockWeightMax: number;
  /** Fee of one unit of weight. */
  readonly weightPrice: bigint;
  /** What an account has to have at least; 0 where any amount will do. */
  readonly minimumBalance: bigint;
  /** What is kept of whoever writes an entry, for each byte of its key and value, until the entry goes. */
  readonly depositPerByte: bigint;
  /** Most accounts and entries that transactions of one sender may make in a block. */
  readonly newEntriesMax: number;
  /** Heights before the newest of which the state can still be read; 0 keeps all. */
  readonly historyHeights: number;
}

export const LedgerParametersType = new ContainerType({
  blockWeightMax: uint64(),
  weightPrice: uint64Big(),
  minimumBalance: uint64Big(),
  depositPerByte: uint64Big(),
  newEntriesMax: uint64(),
  historyHeights: uint64(),
});

export const MembershipParametersType = new ContainerType({
  maxValidators: uint64(),
  minStake: uint64Big(),
  holderShareMax: uint64(),
  unbondingEpochs: uint64(),
  equivocationPenalty: uint64(),
  amnesiaPenalty: uint64(),
  downtimePenalty: uint64(),
  burntShare: uint64(),
  downtimeEpochs: uint64(),
  jailEpochs: uint64(),
});

/** Who may be a validator, and what it costs to fail as one. Shares and penalties are in hundredths of a percent, of 10,000. */
export interface MembershipParameters {
  /** Validators that an epoch has at most; those with the greatest stakes. */
  readonly maxValidators: number;
  /** Least stake of a validator where power is stake. */
  readonly minStake: bigint;
  /** Most of the power that the validators of one account may have together; 10,000 is no bound. */
  readonly holderShareMax: number;
  /** Epochs after which stake that was taken out may be withdrawn, and for which offences count. */
  readonly unbondingEpochs: number;
  /** Of the stake: what two votes in one place cost. */
  readonly equivocationPenalty: number;
  /** Of the stake: what it costs to hide what one's own COMMIT proves prepared. */
  readonly amnesiaPenalty: number;
  /** Of the stake: what it costs to be away for `downtimeEpochs`. */
  readonly downtimePenalty: number;
  /** Of a penalty: what is burnt; the treasury gets the rest. */
  readonly burntShare: number;
  /** Epochs in a row in which no certificate names a validator, after which it is jailed; 0 for never. */
  readonly downtimeEpochs: number;
  /** Epochs before a jailed validator may come back. */
  readonly jailEpochs: number;
}

/** What `holderShareMax`, penalties and shares are parts of. */
export const WHOLE = 10_000;

/** Its value is `Parameters`. */
export const ParametersType = new ContainerType({
  consensus: new ContainerType({ epochLength: uint64(), baseTimeoutTicks: uint64(), timeoutCapTicks: uint64() }),
  ledger: LedgerParametersType,
  membership: MembershipParametersType,
});

/** Fixed for an epoch. */
export interface Parameters {
  readonly consensus: Pick<ConsensusParameters, 'epochLength' | 'baseTimeoutTicks' | 'timeoutCapTicks'>;
  readonly ledger: LedgerParameters;
  readonly membership: MembershipParameters;
}

/** What a proposal may set, and where it stands. The order is part of the encoding of proposals. For how long stake is on its way out, and
 *  offences count, nobody may change: it would be shortened by whoever is about to lie. */
const CHANGEABLE = {
  epochLength: 'consensus',
  baseTimeoutTicks: 'consensus',
  timeoutCapTicks: 'consensus',
  blockWeightMax: 'ledger',
  weightPrice: 'ledger',
  minimumBalance: 'ledger',
  depositPerByte: 'ledger',
  newEntriesMax: 'ledger',
  historyHeights: 'ledger',
  maxValidators: 'membership',
  minStake: 'membership',
  holderShareMax: 'membership',
  equivocationPenalty: 'membership',
  amnesiaPenalty: 'membership',
  downtimePenalty: 'membership',
  burntShare: 'membership',
  downtimeEpochs: 'membership',
  jailEpochs: 'membership',
} as const satisfies Readonly<Record<string, keyof Parameters>>;

export type ParameterName = keyof typeof CHANGEABLE;
export const PARAMETER_NAMES = Object.keys(CHANGEABLE) as ParameterName[];

/** From which value to which each of them may be, both included. */
export type ParameterRanges = Readonly<Record<ParameterName, readonly [min: number | bigint, max: number | bigint]>>;

const groupOf = (parameters: Parameters, name: ParameterName): Readonly<Record<string, number | bigint>> =>
  parameters[CHANGEABLE[name]] as unknown as Readonly<Record<string, number | bigint>>;

export const parameterOf = (parameters: Parameters, name: ParameterName): bigint =>
  BigInt(groupOf(parameters, name)[name] as number | bigint);

/** With another value of one of them, which is within its range. */
export function withParameter(parameters: Parameters, name: ParameterName, value: bigint): Parameters {
  const group = groupOf(parameters, name);
  const changed = { ...group, [name]: typeof group[name] === 'bigint' ? value : Number(value) };
  return { ...parameters, [CHANGEABLE[name]]: changed };
}

/** What a genesis fixes for good, as far as changes are judged by it. */
export interface FixedRules {
  readonly mode: ConsensusParameters['mode'];
  readonly window: number;
  /** Weight of a block at most; buffers are as large as it asks for, so that a chain may lower it and no more. */
  readonly blockWeightMax: number;
  readonly ranges: ParameterRanges;
}
