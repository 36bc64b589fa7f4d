/** A small chain for the ledger's tests. Execution looks at no signature, so there are none. */
import { readFileSync } from 'node:fs';
import { type Address, address, type Hash, type Height, hash, validatorIndex } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { ACCOUNTS, type Account, accountIn } from '../../src/ledger/account.ts';
import type { Body } from '../../src/ledger/block.ts';
import { type ExecutedBlock, execute } from '../../src/ledger/execute.ts';
import { type Genesis, parseGenesis } from '../../src/ledger/genesis.ts';
import { OFFENCES, type Offence } from '../../src/ledger/offence.ts';
import type { EntryKind } from '../../src/ledger/state/entry-kind.ts';
import { advance, type LedgerState } from '../../src/ledger/state/ledger-state.ts';
import { MemoryState } from '../../src/ledger/state/memory-state.ts';
import {
  type IdentifiedTransaction,
  identifyTransaction,
  type Operation,
  signedTransactionCodec,
  type Transaction,
} from '../../src/ledger/transaction.ts';

/** The genesis of the repository, as a value to spoil or to vary. */
export const genesisJson = () =>
  JSON.parse(readFileSync(new URL('../../genesis/dev.json', import.meta.url), 'utf8')) as GenesisJson;

export interface GenesisJson {
  format: string;
  consensus: Record<string, unknown>;
  ledger: Record<string, unknown>;
  validators: Record<string, unknown>[];
  accounts: Record<string, unknown>[];
  [field: string]: unknown;
}

/** The genesis of the repository, with another price of a unit of weight. */
export function makeGenesis(weightPrice = 0): Genesis {
  const json = genesisJson();
  json.ledger['weightPrice'] = String(weightPrice);
  const genesis = parseGenesis(JSON.stringify(json));
  if (!genesis.ok) throw new Error(genesis.error.message);
  return genesis.value;
}

/** The account at this position of the genesis; people know the first as alice. */
export const accountOf = (genesis: Genesis, position: number): Address =>
  present([...genesis.accounts][position], 'account').address;

/** An address that nobody has paid. */
export const stranger = (number: number): Address => address(number.toString(16).padStart(64, '0'));

export const hashOf = (digit: string): Hash => hash(digit.repeat(64));

export const transfer = (to: Address, amount: bigint): Operation => ({ kind: 'transfer', to, amount });

export const makeTransaction = (
  fields: Pick<Transaction, 'chainId' | 'sender' | 'operations'> & Partial<Transaction>,
): IdentifiedTransaction => {
  const transaction = { nonce: 0, expiresAt: 0 as Height, maxFee: 1000n, memo: new Uint8Array(0), ...fields };
  const bytes = signedTransactionCodec.encode({ transaction, signature: new Uint8Array(64) });
  const identified = identifyTransaction(bytes);
  if (!identified.ok) throw new Error(identified.error.message);
  return identified.value;
};

export const bodyOf = (transactions: readonly IdentifiedTransaction[], fields: Partial<Body> = {}): Body => ({
  proposer: validatorIndex(0),
  timestampMs: 1_800_000_000_000,
  certificate: null,
  transactionIds: transactions.map(({ id }) => id),
  evidence: [],
  ...fields,
});

/** Executes a body of these transactions and moves the state on. */
export function append(state: LedgerState, transactions: readonly IdentifiedTransaction[]): ExecutedBlock {
  const block = execute(state, bodyOf(transactions), transactions);
  advance(state, block);
  return block;
}

export const balanceOf = ({ source }: LedgerState, of: Address): bigint => accountIn(source, of).balance;
export const nonceOf = ({ source }: LedgerState, of: Address): number => accountIn(source, of).nonce;

/** All accounts of a state that is in memory, by their addresses. */
export const accountsOf = (state: LedgerState): Map<Address, Account> =>
  new Map(entriesOf(state, ACCOUNTS) as [Address, Account][]);

/** All offences on record of a state that is in memory, in the order of their keys. */
export const offencesOf = (state: LedgerState): Offence[] => entriesOf(state, OFFENCES).map(([, offence]) => offence);

/** Texts of keys and values of one kind, in order. */
function entriesOf<V>({ source }: LedgerState, kind: EntryKind<never, V>): [text: string, value: V][] {
  invariant(source instanceof MemoryState, 'only a state in memory has a list of its entries');
  return [...source.entries()]
    .filter(([key]) => key.kind === kind)
    .map(([key, value]): [string, V] => [key.text, value as V])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** All that a block says, to compare two. */
export const summary = ({ hash: blockHash, record, skipped }: ExecutedBlock) => ({
  blockHash,
  record,
  skipped: skipped.map(({ id, code }) => [id, code]),
});
