/** A small chain whose validators bond, lie, leave and vote: epochs of three heights, and blocks written by hand. */
import { BitArray } from '@chainsafe/ssz';
import {
  type Address,
  address,
  type Epoch,
  epoch,
  height,
  type ValidatorIndex,
  validatorIndex,
  view,
} from '../../../src/base/brand.ts';
import { base58 } from '@scure/base';
import { present } from '../../../src/base/invariant.ts';
import { fromHex } from '../../../src/codec/hex.ts';
import { formatAddress } from '../../../src/crypto/address.ts';
import { accountIn, ACCOUNTS, type Account } from '../../../src/ledger/account.ts';
import type { Body, Receipt } from '../../../src/ledger/block.ts';
import type { KnownEpoch } from '../../../src/ledger/epoch.ts';
import { type ExecutedBlock, execute } from '../../../src/ledger/execute.ts';
import { type Genesis, parseGenesis } from '../../../src/ledger/genesis.ts';
import { VALIDATORS_MAX } from '../../../src/ledger/limits.ts';
import type { Change } from '../../../src/ledger/membership/change.ts';
import { PROPOSALS, type Proposal, slotOf } from '../../../src/ledger/membership/proposal.ts';
import { VALIDATORS, type ValidatorRecord } from '../../../src/ledger/membership/validator-record.ts';
import { advance, genesisState } from '../../../src/ledger/state/ledger-state.ts';
import type { IdentifiedTransaction, Operation } from '../../../src/ledger/transaction.ts';
import type { Evidence } from '../../../src/ledger/evidence.ts';
import type { VoteKind } from '../../../src/ledger/vote.ts';
import { bodyOf, genesisJson, hashOf, makeTransaction } from '../network.ts';

export const EPOCH_LENGTH = 3;
const RICH = 1_000_000n;

/** The account of a validator, or of somebody who may become one. */
export const ownerOf = (index: number): Address => address((index + 0xa0).toString(16).padStart(64, '0'));
export const keyOf = (number: number): Uint8Array => new Uint8Array(32).fill(number + 1);
export const peerOf = (number: number): string =>
  base58.encode(fromHex(`002408011220${'0'.repeat(60)}${(number + 16).toString(16)}00`));

export interface Founding {
  readonly mode?: 'equal' | 'stake';
  /** Powers of the founding validators. */
  readonly powers?: readonly (number | bigint)[];
  readonly membership?: Readonly<Record<string, number | string>>;
  readonly consensus?: Readonly<Record<string, number>>;
  readonly ledger?: Readonly<Record<string, number | string>>;
  readonly observers?: readonly { readonly name: string; readonly peerId: string }[];
}

export function foundedBy({ mode = 'stake', powers = [40, 30, 20, 10], ...given }: Founding = {}): Genesis {
  const json = genesisJson();
  const people = Array.from({ length: powers.length + 4 }, (_, index) => ownerOf(index));
  Object.assign(json.consensus, { mode, epochLength: EPOCH_LENGTH, ...given.consensus });
  Object.assign(json.ledger, given.ledger);
  Object.assign(json['membership'] as object, { minStake: '5', unbondingEpochs: 3, ...given.membership });
  Object.assign(json, {
    validators: powers.map((power, index) => ({
      name: `v${index}`,
      account: formatAddress(ownerOf(index), 'tre'),
      publicKey: Buffer.from(keyOf(index)).toString('hex'),
      peerId: peerOf(index),
      power: String(mode === 'equal' ? 1 : power),
    })),
    observers: given.observers ?? [],
    accounts: people.map((of) => ({ address: formatAddress(of, 'tre'), balance: String(RICH) })),
  });
  const genesis = parseGenesis(JSON.stringify(json));
  if (!genesis.ok) throw new Error(genesis.error.message);
  return genesis.value;
}

/** Two votes of one kind in one place, by the validator. Execution looks at no signature. */
export function proofAgainst(validator: number, of: number, kind: VoteKind = 'commit'): Evidence {
  const signed = (digit: string) => ({
    vote: { kind, epoch: epoch(of), view: view(0), height: height(of * EPOCH_LENGTH + 1), hash: hashOf(digit) },
    voter: validatorIndex(validator),
    signature: new Uint8Array(64),
  });
  return { kind: 'equivocation', first: signed('1'), second: signed('2') };
}

export class Chain {
  readonly genesis: Genesis;
  readonly state;

  constructor(founding: Founding = {}) {
    this.genesis = foundedBy(founding);
    this.state = genesisState(this.genesis);
  }

  get height(): number {
    return this.state.head.header.height;
  }

  /** Of the next block. */
  get epoch(): KnownEpoch {
    return present(this.state.epochs.at(height(this.height + 1)), 'the epoch that runs');
  }

  transactions(sent: readonly (readonly [Address, ...Operation[]])[]): IdentifiedTransaction[] {
    const nonces = new Map<Address, number>();
    return sent.map(([sender, ...operations]) => {
      const nonce = nonces.get(sender) ?? accountIn(this.state.source, sender).nonce;
      nonces.set(sender, nonce + 1);
      return makeTransaction({ chainId: this.genesis.chainId, sender, operations, nonce });
    });
  }

  append(transactions: readonly IdentifiedTransaction[], fields: Partial<Body> = {}): ExecutedBlock {
    const block = execute(this.state, bodyOf(transactions, fields), transactions);
    advance(this.state, block);
    return block;
  }

  /** A block with one transaction of the validator's account. */
  send(of: number, ...operations: readonly Operation[]): Receipt {
    return present(this.append(this.transactions([[ownerOf(of), ...operations]])).record.receipts[0], 'receipt');
  }

  /** The code of the receipt. */
  say(of: number, ...operations: readonly Operation[]): Receipt['code'] {
    return this.send(of, ...operations).code;
  }

  accuse(...evidence: readonly Evidence[]): ExecutedBlock {
    return this.append([], { evidence: [...evidence] });
  }

  /** Empty blocks up to the first of this epoch, or of the next one: it comes next. */
  enter(of: number = this.epoch.epoch + 1): void {
    while (this.epoch.epoch < of) this.append([]);
  }

  /** The epoch, block after block, each with a certificate that names these, by proposers in turn. */
  live(...present_: readonly number[]): void {
    const { epoch: of, lastHeight, validators } = this.epoch;
    while (this.height < lastHeight) {
      const proposer = validators.members[this.height % validators.members.length]?.index ?? (0 as ValidatorIndex);
      this.append([], { proposer, certificate: this.certificate(of, present_) });
    }
  }

  certificate(of: Epoch, signers: readonly number[]): Body['certificate'] {
    const bits = BitArray.fromBitLen(VALIDATORS_MAX);
    for (const index of signers) bits.set(index, true);
    return {
      height: height(this.height),
      epoch: of,
      blockHash: hashOf('c'),
      signers: bits,
      signatures: signers.map(() => new Uint8Array(64)),
    };
  }

  record(index: number): ValidatorRecord {
    return present(this.state.source.get(VALIDATORS.key(validatorIndex(index))), `validator ${index}`);
  }

  proposal(id: number): Proposal {
    return present(this.state.source.get(PROPOSALS.key(slotOf(id))), `proposal ${id}`);
  }

  balance(of: Address): bigint {
    return accountIn(this.state.source, of).balance;
  }

  /** Indices and powers of the epoch that runs. */
  powers(): Record<number, bigint> {
    return Object.fromEntries(this.epoch.validators.members.map(({ index, power }) => [index, power]));
  }

  /** What all accounts have. */
  supply(): bigint {
    let sum = 0n;
    for (const [{ kind }, value] of this.state.source.entries())
      if (kind === ACCOUNTS) sum += (value as Account).balance;
    return sum;
  }

  /** All stakes by the validators' own account of them, those on their way out among them. */
  stakes(): bigint {
    let sum = 0n;
    for (const [{ kind }, value] of this.state.source.entries()) {
      if (kind !== VALIDATORS) continue;
      const { stake, unbonding } = value as ValidatorRecord;
      sum += unbonding.reduce((total, { amount }) => total + amount, stake);
    }
    return sum;
  }
}

export const bond = (validator: number, amount: number | bigint): Operation => ({
  kind: 'bond',
  validator: validatorIndex(validator),
  amount: BigInt(amount),
});
export const unbond = (validator: number, amount: number | bigint): Operation =>
  ({ ...bond(validator, amount), kind: 'unbond' }) as Operation;
export const withdraw = (validator: number, amount: number | bigint): Operation =>
  ({ ...bond(validator, amount), kind: 'withdraw' }) as Operation;
export const unjail = (validator: number): Operation => ({ kind: 'unjail', validator: validatorIndex(validator) });
export const propose = (validator: number, change: Change, expires = 1000): Operation => ({
  kind: 'propose',
  validator: validatorIndex(validator),
  change,
  expires: height(expires),
});
export const vote = (proposal: number, validator: number, approve = true): Operation => ({
  kind: 'vote',
  proposal,
  validator: validatorIndex(validator),
  approve,
});

export const admit = (number: number, account: Address = ownerOf(number)): Change => ({
  kind: 'admit-validator',
  name: `v${number}`,
  account,
  publicKey: keyOf(number),
  peerId: peerOf(number),
});
export const throwOut = (validator: number): Change => ({
  kind: 'remove-validator',
  validator: validatorIndex(validator),
});
