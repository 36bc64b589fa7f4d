/** From which value to which each parameter may be that an epoch can change: in a genesis, and in a proposal. */
import {
  BODY_TRANSACTIONS_MAX,
  KEY_CHARACTERS_MAX,
  NEW_ENTRIES_MAX,
  SUPPLY_MAX,
  TOTAL_POWER_MAX,
  TREE_VERSION_MAX,
  VALIDATORS_MAX,
  VALUE_BYTES_MAX,
} from './limits.ts';
import {
  type ConsensusParameters,
  type FixedRules,
  type LedgerParameters,
  type ParameterRanges,
  WHOLE,
} from './membership/parameters.ts';
import { SHORT_TRANSACTION_WEIGHT_MAX, TRANSACTION_WEIGHT_MAX } from './weight.ts';

/** Epochs for which somebody may be away or in jail: more than any chain has. */
const EPOCHS_MAX = 86_400_000;

export const PARAMETER_RANGES = {
  /** At most about a year of one block a second, so that an epoch ends. */
  epochLength: [1, 30_000_000],
  /** First timeout of a view. One tick may be no time at all, so at least two. */
  baseTimeoutTicks: [2, 100_000],
  /** No wait between views is longer; an hour at one second a tick is 3600. */
  timeoutCapTicks: [2, 1_000_000],
  /** At least one transaction with as many operations as it may have fits, where these carry no data. Transactions that are too
   *  heavy for a block are refused (TOO_HEAVY). More than the most is of no use: a body's bytes are bounded anyway. */
  blockWeightMax: [SHORT_TRANSACTION_WEIGHT_MAX, BODY_TRANSACTIONS_MAX * SHORT_TRANSACTION_WEIGHT_MAX],
  /** A fee is below 2^64. */
  weightPrice: [0n, SUPPLY_MAX / BigInt(TRANSACTION_WEIGHT_MAX)],
  minimumBalance: [0n, SUPPLY_MAX],
  /** A deposit is below 2^64. */
  depositPerByte: [0n, SUPPLY_MAX / BigInt(KEY_CHARACTERS_MAX + VALUE_BYTES_MAX)],
  newEntriesMax: [1, NEW_ENTRIES_MAX],
  /** Heights are versions of the state. */
  historyHeights: [0, TREE_VERSION_MAX],
  maxValidators: [1, VALIDATORS_MAX],
  minStake: [0n, TOTAL_POWER_MAX],
  holderShareMax: [1, WHOLE],
  equivocationPenalty: [0, WHOLE],
  amnesiaPenalty: [0, WHOLE],
  downtimePenalty: [0, WHOLE],
  burntShare: [0, WHOLE],
  downtimeEpochs: [0, EPOCHS_MAX],
  jailEpochs: [0, EPOCHS_MAX],
} as const satisfies ParameterRanges;

interface Founded {
  readonly consensus: ConsensusParameters;
  readonly ledger: LedgerParameters;
}

/** What the genesis fixes of how it may be changed. */
export const fixedRulesOf = ({ consensus, ledger }: Founded): FixedRules => ({
  mode: consensus.mode,
  window: consensus.window,
  blockWeightMax: ledger.blockWeightMax,
  ranges: PARAMETER_RANGES,
});
