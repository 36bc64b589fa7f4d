/** The genesis file field by field: types, ranges, and the sentence a person reads when one is wrong. */
import { z } from 'zod';
import { parseHex } from '../codec/hex.ts';
import {
  EVIDENCE_EPOCHS_MAX,
  GENESIS_ACCOUNTS_MAX,
  NAME_MAX,
  OBSERVERS_MAX,
  SUPPLY_MAX,
  TOTAL_POWER_MAX,
  VALIDATORS_MAX,
  WINDOW_MAX,
} from './limits.ts';
import { isEd25519PeerId } from './peer-id.ts';
import { PARAMETER_RANGES } from './parameter-ranges.ts';

export const GENESIS_FORMAT = 'trefoil/genesis/v1';

const YEAR_10000_MS = 253_402_300_800_000;
const DAY_MS = 24 * 60 * 60 * 1000;

const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const decimal = (min: bigint, max: bigint) => {
  const error = `must be a ${min > 0n ? 'positive ' : ''}decimal string`;
  return z
    .string({ error })
    .regex(/^(0|[1-9][0-9]{0,19})$/, { error })
    .transform(BigInt)
    .refine((value) => value >= min, { error })
    .refine((value) => value <= max, { error: `must be at most ${max}` });
};

const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });

const name = text(
  new RegExp(`^[a-z0-9][a-z0-9-]{0,${NAME_MAX - 1}}$`),
  `must be 1 to ${NAME_MAX} lower-case letters, digits and hyphens, not first a hyphen`,
);

const publicKey = text(/^[0-9a-f]{64}$/, 'must be an ed25519 public key, 64 lower-case hexadecimal digits').transform(
  (hex) => parseHex(hex) ?? new Uint8Array(32),
);

const peerId = z
  .string({ error: 'must be a libp2p peer id' })
  .refine(isEd25519PeerId, { error: 'must be the libp2p peer id of an ed25519 key, 12D3KooW…' });

const consensus = z.strictObject({
  mode: z.enum(['equal', 'stake'], { error: "must be 'equal' or 'stake'" }),
  epochLength: whole(...PARAMETER_RANGES.epochLength),
  window: whole(1, WINDOW_MAX),
  /** The protocol's clock. Under a few milliseconds it measures the event loop, over a second it is no clock. */
  tickMs: whole(5, 1000),
  baseTimeoutTicks: whole(...PARAMETER_RANGES.baseTimeoutTicks),
  timeoutCapTicks: whole(...PARAMETER_RANGES.timeoutCapTicks),
  /** How far a proposer's clock may be ahead. Nothing lets clocks differ by more than a day. */
  clockDriftMs: whole(1, DAY_MS),
  /** An empty block is proposed after this long without a transaction. */
  idleBlockMs: whole(1, DAY_MS),
});

const ledger = z.strictObject({
  blockWeightMax: whole(...PARAMETER_RANGES.blockWeightMax),
  weightPrice: decimal(...PARAMETER_RANGES.weightPrice),
  minimumBalance: decimal(...PARAMETER_RANGES.minimumBalance),
  depositPerByte: decimal(...PARAMETER_RANGES.depositPerByte),
  newEntriesMax: whole(...PARAMETER_RANGES.newEntriesMax),
  historyHeights: whole(...PARAMETER_RANGES.historyHeights),
});

const membership = z.strictObject({
  maxValidators: whole(...PARAMETER_RANGES.maxValidators),
  minStake: decimal(...PARAMETER_RANGES.minStake),
  holderShareMax: whole(...PARAMETER_RANGES.holderShareMax),
  /** As long as offences count, so that nobody's stake is gone before. */
  unbondingEpochs: whole(1, EVIDENCE_EPOCHS_MAX),
  equivocationPenalty: whole(...PARAMETER_RANGES.equivocationPenalty),
  amnesiaPenalty: whole(...PARAMETER_RANGES.amnesiaPenalty),
  downtimePenalty: whole(...PARAMETER_RANGES.downtimePenalty),
  burntShare: whole(...PARAMETER_RANGES.burntShare),
  downtimeEpochs: whole(...PARAMETER_RANGES.downtimeEpochs),
  jailEpochs: whole(...PARAMETER_RANGES.jailEpochs),
});

const validator = z.strictObject({
  name,
  account: z.string({ error: 'must be an address' }),
  publicKey,
  peerId,
  power: decimal(1n, TOTAL_POWER_MAX),
});

const observer = z.strictObject({ name, peerId });

const account = z.strictObject({
  address: z.string({ error: 'must be an address' }),
  /** An account without balance and nonce does not exist. */
  balance: decimal(1n, SUPPLY_MAX),
});

const counted = <T extends z.ZodType>(entry: T, min: number, max: number) => {
  const error = `must be a list of ${min} to ${max}`;
  return z.array(entry, { error }).min(min, { error }).max(max, { error });
};

const genesisFile = z.strictObject(
  {
    format: z.literal(GENESIS_FORMAT, { error: `must be '${GENESIS_FORMAT}'` }),
    name,
    dev: z.boolean({ error: 'must be true or false' }),
    addressPrefix: text(/^[a-z]{1,16}$/, 'must be 1 to 16 lower-case letters'),
    timestampMs: whole(0, YEAR_10000_MS),
    consensus,
    ledger,
    membership,
    validators: counted(validator, 1, VALIDATORS_MAX),
    observers: counted(observer, 0, OBSERVERS_MAX),
    accounts: counted(account, 0, GENESIS_ACCOUNTS_MAX),
  },
  { error: 'must be an object' },
);

export type GenesisFile = z.infer<typeof genesisFile>;

/** The file's fields, or what is wrong with the first bad one, as `path: sentence`. */
export function readGenesisFile(json: unknown): GenesisFile | string {
  const parsed = genesisFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) return 'not a genesis';
  if (issue.code === 'unrecognized_keys') return `${pathOf([...issue.path, issue.keys[0] ?? ''])}: unknown field`;
  return `${pathOf(issue.path)}: ${issue.message}`;
}

/** `validators[2].power`. */
function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'genesis';
  return path
    .map((step, depth) => (typeof step === 'number' ? `[${step}]` : `${depth === 0 ? '' : '.'}${String(step)}`))
    .join('');
}
