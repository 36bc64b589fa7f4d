/** Keys and genesis of a simulated network: the same for the same numbers. */
import { base58 } from '@scure/base';
import type { Address, ValidatorIndex } from '../../base/brand.ts';
import { ok, type Result } from '../../base/result.ts';
import { toAddress, toHex } from '../../codec/hex.ts';
import { formatAddress } from '../../crypto/address.ts';
import type { Ed25519 } from '../../crypto/ed25519.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { PeerId } from '../../driver/ports.ts';
import { type Genesis, type GenesisError, parseGenesis } from '../../ledger/genesis.ts';
import { GENESIS_FORMAT } from '../../ledger/genesis-schema.ts';

export interface ConsensusSettings {
  readonly epochLength: number;
  readonly window: number;
  readonly tickMs: number;
  readonly baseTimeoutTicks: number;
  readonly timeoutCapTicks: number;
  readonly clockDriftMs: number;
  readonly idleBlockMs: number;
}

export interface LedgerSettings {
  /** At most; TRANSFERS_PER_BLOCK where nothing is said. */
  readonly transfersPerBlock?: number;
  /** Heights whose state can be read; 0, which keeps all, where nothing is said. */
  readonly historyHeights?: number;
  /** Accounts of which nobody has the key. They make the tree of the state deep. */
  readonly bystanders?: number;
  /** Accounts of which clients have the keys; ACCOUNTS where nothing is said. One of them only sends what no block may have. */
  readonly accounts?: number;
  /** As in a genesis. Where nothing is said, weight has a price, and growth costs nothing else. */
  readonly weightPrice?: bigint;
  readonly minimumBalance?: bigint;
  readonly depositPerByte?: bigint;
  readonly newEntriesMax?: number;
}

/** What is needed for sets that change. */
export interface MembersSettings {
  /** Nodes with a key that validate nothing at first. */
  readonly spares: number;
  readonly unbondingEpochs: number;
  /** 0: nobody is jailed. */
  readonly downtimeEpochs: number;
}

export const CONSENSUS_DEFAULTS: ConsensusSettings = {
  epochLength: 1000,
  window: 16,
  tickMs: 50,
  baseTimeoutTicks: 40,
  timeoutCapTicks: 640,
  clockDriftMs: 10_000,
  idleBlockMs: 5000,
};

export interface SimulatedAccount {
  readonly secret: Uint8Array;
  readonly address: Address;
}

/** A node that could validate. */
export interface SpareKey {
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly peerId: PeerId;
}

export interface SimulatedKeys {
  readonly genesis: Genesis;
  /** By validator index. */
  readonly validatorSecrets: readonly Uint8Array[];
  readonly accounts: readonly SimulatedAccount[];
  /** Accounts of the validators, and after them of the spares; funded where sets change. */
  readonly owners: readonly SimulatedAccount[];
  readonly spares: readonly SpareKey[];
}

/** When a simulated chain and all simulations begin: 2027, so that times look like times. */
export const START_MS = 1_800_000_000_000;

/** A few seconds of waiting fill more than one block, and several heights are in flight at once. */
export const TRANSFERS_PER_BLOCK = 20;
/** Of a transaction with one operation. */
const TRANSFER_WEIGHT = 2;

/** Accounts of simulated clients, with the one of those who only send what no block may have. */
const ACCOUNTS = 9;
/** New accounts and entries of a sender in a block: all that a few seconds of waiting can make. */
const NEW_ENTRIES = 256;
const PREFIX = 'tre';

/** An error when the settings make no network. */
export function simulatedKeys(
  scheme: Ed25519,
  powers: readonly bigint[],
  consensus: Partial<ConsensusSettings>,
  settings: LedgerSettings = {},
  members?: MembersSettings,
): Result<SimulatedKeys, GenesisError> {
  const { historyHeights = 0, bystanders = 0 } = settings;
  const validatorSecrets = powers.map((_, index) => secretOf(`validator ${index}`));
  const accounts = Array.from({ length: settings.accounts ?? ACCOUNTS }, (_, index) =>
    accountOf(scheme, `account ${index}`),
  );
  const ids = Array.from({ length: powers.length + (members?.spares ?? 0) }, (_, index) => index as ValidatorIndex);
  const owners = ids.map((index) => accountOf(scheme, `account of validator ${index}`));
  const spares = ids.slice(powers.length).map((index) => {
    const secret = secretOf(`validator ${index}`);
    return { secret, publicKey: scheme.publicKey(secret), peerId: peerIdOf(index) };
  });
  const parsed = parseGenesis(
    JSON.stringify({
      format: GENESIS_FORMAT,
      name: 'simulated',
      dev: true,
      addressPrefix: PREFIX,
      timestampMs: START_MS,
      consensus: {
        mode: powers.every((power) => power === 1n) ? 'equal' : 'stake',
        ...CONSENSUS_DEFAULTS,
        ...consensus,
      },
      ledger: ledgerOf(settings),
      membership: membershipOf(members),
      validators: powers.map((power, index) => ({
        name: `validator-${index}`,
        account: formatAddress(accountOf(scheme, `account of validator ${index}`).address, PREFIX),
        publicKey: toHex(scheme.publicKey(validatorSecrets[index] ?? new Uint8Array())),
        peerId: peerIdOf(index as ValidatorIndex),
        power: power.toString(),
      })),
      observers: [],
      accounts: [
        ...accounts.map(({ address }) => address),
        ...(members === undefined ? [] : owners.map(({ address }) => address)),
        ...Array.from({ length: bystanders }, (_, i) => bystander(i)),
      ].map((address) => ({ address: formatAddress(address, PREFIX), balance: '1000000000' })),
    }),
  );
  if (!parsed.ok) return parsed;
  const genesis = { ...parsed.value, ledger: { ...parsed.value.ledger, historyHeights } };
  return ok({ genesis, validatorSecrets, accounts, owners, spares });
}

/** As a genesis file has it. Offences are punished soon. Who is away is jailed only where members come and go: a liar that waits is not
 *  to be out of the set before it begins. */
const MEMBERSHIP = {
  maxValidators: 64,
  minStake: '1',
  holderShareMax: 10_000,
  unbondingEpochs: 64,
  equivocationPenalty: 500,
  amnesiaPenalty: 300,
  downtimePenalty: 1,
  burntShare: 5000,
  downtimeEpochs: 0,
  jailEpochs: 1,
};

function membershipOf(members: MembersSettings | undefined): object {
  if (members === undefined) return MEMBERSHIP;
  const { unbondingEpochs, downtimeEpochs } = members;
  return { ...MEMBERSHIP, unbondingEpochs, downtimeEpochs };
}

/** As a genesis file has it. */
const ledgerOf = ({ transfersPerBlock = TRANSFERS_PER_BLOCK, ...settings }: LedgerSettings) => ({
  blockWeightMax: TRANSFER_WEIGHT * transfersPerBlock,
  weightPrice: String(settings.weightPrice ?? 1n),
  minimumBalance: String(settings.minimumBalance ?? 0n),
  depositPerByte: String(settings.depositPerByte ?? 0n),
  newEntriesMax: settings.newEntriesMax ?? NEW_ENTRIES,
  historyHeights: 0,
});

function accountOf(scheme: Ed25519, owner: string): SimulatedAccount {
  const secret = secretOf(owner);
  return { secret, address: toAddress(scheme.publicKey(secret)) };
}

/** Somebody whom nobody ever pays. */
export const unpaid = (scheme: Ed25519): SimulatedAccount => accountOf(scheme, 'unpaid');

/** Address of somebody whom clients may pay first. */
export const newcomer = (index: number): Address => toAddress(secretOf(`newcomer ${index}`));

/** Address of somebody who takes no part. */
export const bystander = (index: number): Address => toAddress(secretOf(`bystander ${index}`));

const secretOf = (owner: string): Uint8Array =>
  sha256(Uint8Array.from(`trefoil simulated ${owner}`, (character) => character.charCodeAt(0)));

/** Start of every libp2p peer id of an ed25519 key. */
const PEER_ID_PREFIX = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

const peerIdOf = (index: ValidatorIndex): PeerId =>
  base58.encode(new Uint8Array([...PEER_ID_PREFIX, ...secretOf(`peer ${index}`)]));
