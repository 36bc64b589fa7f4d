/** The genesis: what all members of a network agreed on before its first block. Its hash is the chain id. */
import { BooleanType, ByteListType, ByteVectorType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import { type Address, type Hash, type Power, power, validatorIndex } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { hex32, nameOf, uint64, uint64Big } from '../codec/types.ts';
import { parseAddress } from '../crypto/address.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import { DEPOSITS } from './account.ts';
import { type GenesisAccount, GenesisAccounts } from './genesis-accounts.ts';
import { GENESIS_FORMAT, type GenesisFile, readGenesisFile } from './genesis-schema.ts';
import {
  GENESIS_ACCOUNTS_MAX,
  GENESIS_TEXT_MAX,
  HISTORY_WINDOWS_MIN,
  NAME_MAX,
  SUPPLY_MAX,
  TOTAL_POWER_MAX,
  VALIDATORS_MAX,
} from './limits.ts';
import { sumOfPowers, type ValidatorSet, validatorSet } from './validators.ts';

const MODES = ['equal', 'stake'] as const;

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

export interface Genesis {
  /** SHA-256 of the SSZ form: independent of white space and the order of fields in the file. */
  readonly chainId: Hash;
  readonly name: string;
  /** A development network: publicly known keys and lying validators are let in. */
  readonly dev: boolean;
  /** Human-readable part of bech32m addresses. */
  readonly addressPrefix: string;
  readonly timestampMs: number;
  readonly consensus: ConsensusParameters;
  readonly ledger: LedgerParameters;
  /** Those of the first epoch. Who asks for the validators of some epoch asks `Epochs`. */
  readonly validators: ValidatorSet;
  /** In the order of the file, without duplicates. */
  readonly accounts: Iterable<GenesisAccount>;
  /** Sum of all balances; never changes. Below 2^64. */
  readonly supply: bigint;
}

export interface GenesisError extends Coded {
  readonly code: 'GENESIS_INVALID';
}

const text = (bytesMax: number) => new ByteListType(bytesMax);

const GenesisType = new ContainerType({
  format: text(NAME_MAX),
  name: text(NAME_MAX),
  dev: new BooleanType(),
  addressPrefix: text(NAME_MAX),
  timestampMs: uint64(),
  consensus: new ContainerType({
    mode: nameOf(MODES),
    epochLength: uint64(),
    window: uint64(),
    tickMs: uint64(),
    baseTimeoutTicks: uint64(),
    timeoutCapTicks: uint64(),
    clockDriftMs: uint64(),
    idleBlockMs: uint64(),
  }),
  ledger: new ContainerType({
    blockWeightMax: uint64(),
    weightPrice: uint64Big(),
    minimumBalance: uint64Big(),
    depositPerByte: uint64Big(),
    newEntriesMax: uint64(),
    historyHeights: uint64(),
  }),
  validators: new ListCompositeType(
    new ContainerType({
      name: text(NAME_MAX),
      publicKey: new ByteVectorType(32),
      peerId: text(64),
      power: uint64Big<Power>(),
    }),
    VALIDATORS_MAX,
  ),
  accounts: new ListCompositeType(
    new ContainerType({ address: hex32<Address>(), balance: uint64Big() }),
    GENESIS_ACCOUNTS_MAX,
  ),
});

/** The genesis of a JSON file. Error: GENESIS_INVALID, its message `path: what is wrong`. */
export function parseGenesis(fileText: string): Result<Genesis, GenesisError> {
  if (fileText.length > GENESIS_TEXT_MAX) return invalid(`genesis: longer than ${GENESIS_TEXT_MAX} characters`);
  let json: unknown;
  try {
    json = JSON.parse(fileText);
  } catch (error) {
    return invalid(`genesis: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const file = readGenesisFile(json);
  if (typeof file === 'string') return invalid(file);
  const problem = parametersProblem(file) ?? validatorsProblem(file);
  if (problem !== undefined) return invalid(problem);
  const accounts = readAccounts(file);
  if (typeof accounts === 'string') return invalid(accounts);
  return ok(assemble(file, accounts));
}

const invalid = (message: string): Result<never, GenesisError> => fail('GENESIS_INVALID', message);

function parametersProblem({ consensus, ledger }: GenesisFile): string | undefined {
  if (consensus.timeoutCapTicks < consensus.baseTimeoutTicks) {
    return `consensus.timeoutCapTicks: must be at least baseTimeoutTicks, ${consensus.baseTimeoutTicks}`;
  }
  const least = HISTORY_WINDOWS_MIN * consensus.window;
  if (ledger.historyHeights > 0 && ledger.historyHeights < least) {
    return `ledger.historyHeights: must be 0, or at least ${HISTORY_WINDOWS_MIN} times consensus.window, ${least}`;
  }
  return undefined;
}

function validatorsProblem({ validators, consensus }: GenesisFile): string | undefined {
  const duplicate =
    findDuplicate(
      'name',
      validators.map(({ name }) => name),
    ) ??
    findDuplicate(
      'publicKey',
      validators.map(({ publicKey }) => publicKey.join()),
    ) ??
    findDuplicate(
      'peerId',
      validators.map(({ peerId }) => peerId),
    );
  if (duplicate !== undefined) return duplicate;
  for (const [index, validator] of validators.entries()) {
    if (consensus.mode === 'equal' && validator.power !== 1n) {
      return `validators[${index}].power: must be 1 where consensus.mode is equal`;
    }
    if (sumOfPowers(validators.slice(0, index + 1)) > TOTAL_POWER_MAX)
      return `validators[${index}].power: total power must be below 2^63`;
  }
  return undefined;
}

function findDuplicate(field: string, values: readonly string[]): string | undefined {
  const seen = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const earlier = seen.get(value);
    if (earlier !== undefined) return `validators[${index}].${field}: same as validators[${earlier}].${field}`;
    seen.set(value, index);
  }
  return undefined;
}

function readAccounts({ accounts, addressPrefix }: GenesisFile): readonly GenesisAccount[] | string {
  const seen = new Map<Address, number>();
  const read: GenesisAccount[] = [];
  let supply = 0n;
  for (const [index, { address: written, balance }] of accounts.entries()) {
    const address = parseAddress(written, addressPrefix);
    if (!address.ok) return `accounts[${index}].address: ${address.error.message}`;
    const earlier = seen.get(address.value);
    if (earlier !== undefined) return `accounts[${index}].address: same as accounts[${earlier}].address`;
    if (address.value === DEPOSITS) return `accounts[${index}].address: deposits lie there, and nothing else`;
    seen.set(address.value, index);
    supply += balance;
    if (supply > SUPPLY_MAX) return `accounts[${index}].balance: total supply must be below 2^64`;
    read.push({ address: address.value, balance });
  }
  return read;
}

function assemble(file: GenesisFile, accounts: readonly GenesisAccount[]): Genesis {
  const validators = file.validators.map((validator, index) => ({
    ...validator,
    index: validatorIndex(index),
    power: power(validator.power),
  }));
  return {
    chainId: chainIdOf(file, accounts),
    name: file.name,
    dev: file.dev,
    addressPrefix: file.addressPrefix,
    timestampMs: file.timestampMs,
    consensus: file.consensus,
    ledger: file.ledger,
    validators: validatorSet(validators),
    accounts: new GenesisAccounts(accounts),
    supply: accounts.reduce((sum, { balance }) => sum + balance, 0n),
  };
}

function chainIdOf(file: GenesisFile, accounts: readonly GenesisAccount[]): Hash {
  const bytes = GenesisType.serialize({
    ...file,
    format: ascii(GENESIS_FORMAT),
    name: ascii(file.name),
    addressPrefix: ascii(file.addressPrefix),
    validators: file.validators.map((validator) => ({
      name: ascii(validator.name),
      publicKey: validator.publicKey,
      peerId: ascii(validator.peerId),
      power: power(validator.power),
    })),
    accounts: [...accounts],
  });
  return sha256Hash(bytes);
}

const ascii = (characters: string): Uint8Array => Uint8Array.from(characters, (character) => character.charCodeAt(0));
