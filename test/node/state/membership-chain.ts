/** A chain with stakes and short epochs, on which somebody new is voted in and somebody lies. */
import { type Hash, hash, type ValidatorIndex } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import type { Store } from '../../../src/driver/ports.ts';
import { type Genesis, parseGenesis } from '../../../src/ledger/genesis.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import type { Evidence } from '../../../src/ledger/evidence.ts';
import type { SignedVote } from '../../../src/ledger/vote.ts';
import { developmentNetwork } from '../../../src/node/development.ts';
import { type Deed, LongChain } from './long-chain.ts';

export const EPOCH_LENGTH = 3;
const STAKES: readonly bigint[] = [40n, 30n, 20n, 10n];
/** Of its blocks: the third passes the proposal, the fifth convicts the liar, and the sixth ends an epoch. */
export const LAST = 7;
export const LIAR = 3;

const { accounts, genesisText } = developmentNetwork(STAKES.length, undefined, {
  stakes: STAKES,
  epochLength: EPOCH_LENGTH,
});
const { validators } = developmentNetwork(5);
export const PEER_IDS: readonly string[] = validators.map(({ peerId }) => peerId);
export const NEWCOMER = present(validators[4], 'a validator that is not in the genesis');

export const membershipGenesisText = genesisText;

export function membershipGenesis(): Genesis {
  const genesis = parseGenesis(genesisText);
  if (!genesis.ok) throw new Error(genesis.error.message);
  return genesis.value;
}

export const accountOf = (name: string) =>
  present(
    accounts.find((account) => account.name === name),
    'a development account',
  );

const by = (validator: number, ...operations: Operation[]): Deed => ({
  from: accountOf(`validator-${validator}`).address,
  operations,
});

const index = (validator: number): ValidatorIndex => validator as ValidatorIndex;

/** The same before anything happened. */
export async function youngChain(store: Store): Promise<LongChain> {
  const chain = await LongChain.open(store, membershipGenesis());
  await chain.append([]);
  return chain;
}

export async function membershipChain(store: Store): Promise<LongChain> {
  const chain = await youngChain(store);
  const { name, publicKey, peerId } = NEWCOMER;
  const account = accountOf('erin').address;
  const change = { kind: 'admit-validator', name, account, publicKey, peerId } as const;
  await chain.append([by(0, { kind: 'propose', validator: index(0), change, expires: 100 as never })]);
  await chain.append([by(1, { kind: 'vote', proposal: 0, validator: index(1), approve: true })]);
  await chain.append([by(2, { kind: 'unbond', validator: index(2), amount: 5n })]);
  await chain.append([by(1, { kind: 'bond', validator: index(1), amount: 7n })], [lie()]);
  await chain.append([]);
  await chain.append([]);
  return chain;
}

/** Two PREPAREs of the liar in one place. Execution takes signatures as checked. */
export function lie(): Evidence {
  const vote = (body: Hash): SignedVote => ({
    vote: { kind: 'prepare', epoch: 1, view: 0, height: 4, hash: body } as SignedVote['vote'],
    voter: index(LIAR),
    signature: new Uint8Array(64),
  });
  return { kind: 'equivocation', first: vote(hash('1'.repeat(64))), second: vote(hash('2'.repeat(64))) };
}
