/** The genesis: what all members of a network agreed on before its first block. Its hash is the chain id. */
import { BooleanType, ByteListType, ByteVectorType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import { type Address, type Hash, type Power, power, validatorIndex } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { hex32, nameOf, uint64, uint64Big } from '../codec/types.ts';
import { parseAddress } from '../crypto/address.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import { present } from '../base/invariant.ts';
import { isSystemAccount, isVault } from './account.ts';
import type { ListedObserver } from './membership/observer.ts';
import {
  type ConsensusParameters,
  type LedgerParameters,
  LedgerParametersType,
  type MembershipParameters,
  MembershipParametersType,
  MODES,
} from './membership/parameters.ts';
import { type GenesisAccount, GenesisAccounts } from './genesis-accounts.ts';
import { GENESIS_FORMAT, type GenesisFile, readGenesisFile } from './genesis-schema.ts';
import {
  GENESIS_ACCOUNTS_MAX,
  GENESIS_TEXT_MAX,
  HISTORY_WINDOWS_MIN,
  NAME_MAX,
  OBSERVERS_MAX,
  SUPPLY_MAX,
  TOTAL_POWER_MAX,
  VALIDATORS_MAX,
} from './limits.ts';
import { sumOfPowers, type ValidatorSet, validatorSet } from './validators.ts';

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
  readonly membership: MembershipParameters;
  /** Those of the first epoch. Who asks for the validators of some epoch asks `Epochs`. */
  readonly validators: ValidatorSet;
  /** Of each validator, in the same order, the account that speaks for it; where power is stake, it is this account's. */
  readonly validatorAccounts: readonly Address[];
  /** Nodes without a vote that the network admits. */
  readonly observers: readonly ListedObserver[];
  /** In the order of the file, without duplicates. */
  readonly accounts: Iterable<GenesisAccount>;
  /** Sum of all balances and stakes; never changes. Below 2^64. */
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
  ledger: LedgerParametersType,
  membership: MembershipParametersType,
  validators: new ListCompositeType(
    new ContainerType({
      name: text(NAME_MAX),
      account: hex32<Address>(),
      publicKey: new ByteVectorType(32),
      peerId: text(64),
      power: uint64Big<Power>(),
    }),
    VALIDATORS_MAX,
  ),
  observers: new ListCompositeType(new ContainerType({ name: text(NAME_MAX), peerId: text(64) }), OBSERVERS_MAX),
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
  const owners = readOwners(file);
  if (typeof owners === 'string') return invalid(owners);
  return ok(assemble(file, accounts, owners));
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

function validatorsProblem({ validators, observers, consensus, membership }: GenesisFile): string | undefined {
  if (validators.length > membership.maxValidators)
    return `validators: more than membership.maxValidators, ${membership.maxValidators}`;
  const known = new Set(validators.map(({ peerId }) => peerId));
  const double = observers.findIndex(({ peerId }) => known.has(peerId) || !known.add(peerId));
  if (double >= 0) return `observers[${double}].peerId: somebody else has it`;
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
    if (consensus.mode === 'stake' && validator.power < membership.minStake)
      return `validators[${index}].power: must be at least membership.minStake, ${membership.minStake}`;
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

/** What validators have bonded when the chain begins, together. */
const stakeOf = ({ consensus, validators }: Pick<GenesisFile, 'consensus' | 'validators'>): bigint =>
  consensus.mode === 'stake' ? sumOfPowers(validators) : 0n;

/** The accounts of the validators. */
function readOwners({ validators, addressPrefix }: GenesisFile): readonly Address[] | string {
  const read: Address[] = [];
  for (const [index, { account }] of validators.entries()) {
    const address = parseAddress(account, addressPrefix);
    if (!address.ok) return `validators[${index}].account: ${address.error.message}`;
    if (isSystemAccount(address.value)) return `validators[${index}].account: nobody can sign for it`;
    read.push(address.value);
  }
  return read;
}

function readAccounts(file: GenesisFile): readonly GenesisAccount[] | string {
  const { accounts, addressPrefix } = file;
  const seen = new Map<Address, number>();
  const read: GenesisAccount[] = [];
  let supply = stakeOf(file);
  for (const [index, { address: written, balance }] of accounts.entries()) {
    const address = parseAddress(written, addressPrefix);
    if (!address.ok) return `accounts[${index}].address: ${address.error.message}`;
    const earlier = seen.get(address.value);
    if (earlier !== undefined) return `accounts[${index}].address: same as accounts[${earlier}].address`;
    if (isVault(address.value)) return `accounts[${index}].address: deposits or stakes lie there, and nothing else`;
    seen.set(address.value, index);
    supply += balance;
    if (supply > SUPPLY_MAX) return `accounts[${index}].balance: total supply must be below 2^64`;
    read.push({ address: address.value, balance });
  }
  return read;
}

function assemble(file: GenesisFile, accounts: readonly GenesisAccount[], owners: readonly Address[]): Genesis {
  const validators = file.validators.map(({ name, publicKey, peerId, power: votes }, index) => ({
    index: validatorIndex(index),
    name,
    publicKey,
    peerId,
    power: power(votes),
  }));
  return {
    chainId: chainIdOf(file, accounts, owners),
    name: file.name,
    dev: file.dev,
    addressPrefix: file.addressPrefix,
    timestampMs: file.timestampMs,
    consensus: file.consensus,
    ledger: file.ledger,
    membership: file.membership,
    validators: validatorSet(validators),
    validatorAccounts: owners,
    observers: file.observers,
    accounts: new GenesisAccounts(accounts),
    supply: accounts.reduce((sum, { balance }) => sum + balance, stakeOf(file)),
  };
}

function chainIdOf(file: GenesisFile, accounts: readonly GenesisAccount[], owners: readonly Address[]): Hash {
  const bytes = GenesisType.serialize({
    ...file,
    format: ascii(GENESIS_FORMAT),
    name: ascii(file.name),
    addressPrefix: ascii(file.addressPrefix),
    validators: file.validators.map((validator, index) => ({
      name: ascii(validator.name),
      account: present(owners[index], 'the account of a validator'),
      publicKey: validator.publicKey,
      peerId: ascii(validator.peerId),
      power: power(validator.power),
    })),
    observers: file.observers.map((observer) => ({ name: ascii(observer.name), peerId: ascii(observer.peerId) })),
    accounts: [...accounts],
  });
  return sha256Hash(bytes);
}

const ascii = (characters: string): Uint8Array => Uint8Array.from(characters, (character) => character.charCodeAt(0));
