/**
 * Development networks: their keys come from seeds that everybody knows, so that examples, tests and a first testnet need
 * no key ceremony, and so that nothing of worth may ever depend on them.
 */
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import type { Address } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { toAddress, toHex } from '../codec/hex.ts';
import { formatAddress } from '../crypto/address.ts';
import { nobleEd25519 } from '../crypto/ed25519.ts';
import { sha256 } from '../crypto/sha256.ts';
import { GENESIS_FORMAT } from '../ledger/genesis-schema.ts';

/** Validators that there are development keys for. */
export const DEVELOPMENT_VALIDATORS_MAX = 16;
const ACCOUNT_NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];
const ADDRESS_PREFIX = 'tre';
const BALANCE = '1000000000';
/** Heights of an epoch. */
const EPOCH_LENGTH = 1000;
/** 2024-01-01, UTC. Fixed, so that the chain id is; long past, so that no clock is behind it. */
const TIMESTAMP_MS = 1_704_067_200_000;

export interface DevelopmentValidator {
  readonly name: string;
  /** Signs votes; 32 bytes. */
  readonly validatorSecret: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Of the libp2p node, an ed25519 seed of 32 bytes. */
  readonly nodeSecret: Uint8Array;
  readonly peerId: string;
}

export interface DevelopmentAccount {
  readonly name: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly address: Address;
  /** The address as bech32m. */
  readonly addressText: string;
}

export interface DevelopmentNetwork {
  /** The genesis file. */
  readonly genesisText: string;
  readonly validators: readonly DevelopmentValidator[];
  /** People's, then those of the validators, each named as its validator. */
  readonly accounts: readonly DevelopmentAccount[];
}

/** How a development network differs from the usual one. */
export interface DevelopmentRules {
  /** What each validator has bonded: power is stake then, and not one each. */
  readonly stakes?: readonly bigint[] | undefined;
  /** Heights of an epoch. */
  readonly epochLength?: number | undefined;
}

/** The development network of 1 to 16 validators, equal ones unless told otherwise: always the same for the same arguments. */
export function developmentNetwork(
  size: number,
  timestampMs: number = TIMESTAMP_MS,
  rules: DevelopmentRules = {},
): DevelopmentNetwork {
  const { stakes } = rules;
  invariant(stakes === undefined || stakes.length === size, 'every validator has a stake, or none has');
  invariant(
    size >= 1 && size <= DEVELOPMENT_VALIDATORS_MAX,
    'a development network has a number of validators within its bounds',
    { size },
  );
  const validators = Array.from({ length: size }, (_, index) => developmentValidator(index));
  const accounts = [...ACCOUNT_NAMES, ...validators.map(({ name }) => name)].map(developmentAccount);
  return {
    genesisText: `${JSON.stringify(genesisFile(validators, accounts, timestampMs, rules), null, 2)}\n`,
    validators,
    accounts,
  };
}

/** Whether anybody can sign for this key: that of a development validator, node or account. */
export function isDevelopmentKey(publicKey: Uint8Array): boolean {
  developmentKeys ??= new Set([...allSecrets()].map((secret) => toHex(nobleEd25519.publicKey(secret))));
  return developmentKeys.has(toHex(publicKey));
}

let developmentKeys: ReadonlySet<string> | undefined;

function* allSecrets(): Generator<Uint8Array> {
  for (let index = 0; index < DEVELOPMENT_VALIDATORS_MAX; index++) {
    yield secretOf(`validator ${index}`);
    yield secretOf(`node ${index}`);
    yield secretOf(`account ${validatorName(index)}`);
  }
  for (const name of ACCOUNT_NAMES) yield secretOf(`account ${name}`);
}

function developmentValidator(index: number): DevelopmentValidator {
  const validatorSecret = secretOf(`validator ${index}`);
  const nodeSecret = secretOf(`node ${index}`);
  return {
    name: validatorName(index),
    validatorSecret,
    publicKey: nobleEd25519.publicKey(validatorSecret),
    nodeSecret,
    peerId: peerIdOf(nodeSecret),
  };
}

const validatorName = (index: number): string => `validator-${index}`;

/** Who has a development account, whatever the size of the network. */
export const DEVELOPMENT_NAMES: readonly string[] = [
  ...ACCOUNT_NAMES,
  ...Array.from({ length: DEVELOPMENT_VALIDATORS_MAX }, (_, index) => validatorName(index)),
];

/** The account of this name, one of those above. */
export function developmentAccount(name: string): DevelopmentAccount {
  const secret = secretOf(`account ${name}`);
  const address = toAddress(nobleEd25519.publicKey(secret));
  return { name, secret, address, addressText: formatAddress(address, ADDRESS_PREFIX) };
}

const secretOf = (owner: string): Uint8Array =>
  sha256(Uint8Array.from(`trefoil development ${owner}`, (character) => character.charCodeAt(0)));

function peerIdOf(nodeSecret: Uint8Array): string {
  // libp2p's raw form of an ed25519 key is the seed with the public key after it.
  const raw = new Uint8Array([...nodeSecret, ...nobleEd25519.publicKey(nodeSecret)]);
  return peerIdFromPrivateKey(privateKeyFromRaw(raw)).toString();
}

const genesisFile = (
  validators: readonly DevelopmentValidator[],
  accounts: readonly DevelopmentAccount[],
  timestampMs: number,
  { stakes, epochLength = EPOCH_LENGTH }: DevelopmentRules,
) => ({
  format: GENESIS_FORMAT,
  name: 'trefoil-development',
  dev: true,
  addressPrefix: ADDRESS_PREFIX,
  timestampMs,
  consensus: {
    mode: stakes === undefined ? 'equal' : 'stake',
    epochLength,
    window: 16,
    tickMs: 50,
    baseTimeoutTicks: 40,
    timeoutCapTicks: 640,
    clockDriftMs: 10_000,
    idleBlockMs: 5000,
  },
  ledger: {
    blockWeightMax: 4000,
    weightPrice: '0',
    minimumBalance: '0',
    depositPerByte: '0',
    newEntriesMax: 256,
    historyHeights: 0,
  },
  membership: {
    maxValidators: 64,
    minStake: '1',
    holderShareMax: 10_000,
    unbondingEpochs: 64,
    equivocationPenalty: 500,
    amnesiaPenalty: 300,
    downtimePenalty: 1,
    burntShare: 5000,
    // For as many heights as with epochs of the usual length: a restart is no reason for jail.
    downtimeEpochs: Math.max(2, Math.ceil((2 * EPOCH_LENGTH) / epochLength)),
    jailEpochs: 1,
  },
  validators: validators.map(({ name, publicKey, peerId }, index) => ({
    name,
    account: developmentAccount(name).addressText,
    publicKey: toHex(publicKey),
    peerId,
    power: String(stakes?.[index] ?? 1n),
  })),
  observers: [],
  accounts: accounts.map(({ addressText }) => ({ address: addressText, balance: BALANCE })),
});
