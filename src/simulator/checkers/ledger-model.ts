/**
 * What the ledger has to do, written once more and as plainly as can be: all of the state is copied for each transaction, and put
 * back when it fails. It knows nothing of journals, declared keys, trees and codecs. A deposit is the price of the bytes that are
 * there, since the price never changes in it.
 */
import type { Address, Hash, Height } from '../../base/brand.ts';
import { invariant, unreachable } from '../../base/invariant.ts';
import { sha256Hash } from '../../crypto/sha256.ts';
import { BURNT, DEPOSITS, FEE_POOL, isSystemAccount, isVault, STAKES, TREASURY } from '../../ledger/account.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { LEASE_HEIGHTS_MAX, NEW_ENTRY_WEIGHT, STAKES_MAX } from '../../ledger/limits.ts';
import type { Condition } from '../../ledger/operations/data-fields.ts';
import type { IdentifiedTransaction, Operation, Transaction } from '../../ledger/transaction.ts';
import { weightOf } from '../../ledger/weight.ts';
import { type Members, type MembersOperation, membersAfter } from './members-model.ts';

type OperationOf<K extends Operation['kind']> = Extract<Operation, { kind: K }>;

/** What stands under a key, and for how many bytes of value its deposit is. */
interface Stored {
  readonly bytes: number;
  readonly value: Readonly<Record<string, unknown>>;
}

interface EntryValue {
  readonly version: { readonly height: Height; readonly index: number };
  readonly lease: { readonly owner: Address; readonly until: Height } | null;
  /** The version of whoever put it, and what it is. */
  readonly value: { readonly version: EntryValue['version']; readonly length: number; readonly hash: Hash };
}

/** Why a transaction fails. */
class Failed extends Error {}
const fail = (code: string): never => {
  throw new Failed(code);
};

/** Nothing becomes of the transaction: the block has no room for what it makes. */
const NO_ROOM = 'NO_ROOM';

const entryKey = ({ namespace, key }: { readonly namespace: string; readonly key: string }): string =>
  `entry/${namespace}/${key}`;

export interface Verdict {
  readonly position: number;
  readonly code: string;
  readonly feePaid: bigint;
}

/** Whether the model knows of what stands under the key: of what transactions of accounts do, and not of what becomes of validators. */
export const isModelled = (key: string): boolean =>
  /^(account|namespace|entry|counter|member)\//.test(key) && ![STAKES, BURNT, TREASURY].some((of) => key.endsWith(of));

/** What there was before a transaction. */
type Before = Pick<Model, 'accounts' | 'data' | 'members'>;

export class Model {
  accounts = new Map<Address, { balance: bigint; nonce: number }>();
  data = new Map<string, Stored>();
  height = 0 as Height;
  /** Told before each block: it knows what transactions do. */
  members: Members;
  #made = new Map<Address, number>();
  #madeByAll = 0;
  #index = 0;
  readonly #genesis: Genesis;

  constructor(genesis: Genesis, members: Members) {
    this.#genesis = genesis;
    this.members = members;
    const stakes = [...members.validators.values()].reduce((sum, { stake }) => sum + stake, 0n);
    this.accounts.set(STAKES, { balance: stakes, nonce: 0 });
    for (const { address, balance } of genesis.accounts) this.accounts.set(address, { balance, nonce: 0 });
  }

  /** Of the epoch that runs. */
  get #ledger(): Genesis['ledger'] {
    return this.members.running.parameters.ledger;
  }

  nonceOf = (of: Address): number => this.accounts.get(of)?.nonce ?? 0;

  /** All entries of the state that it knows of, by the text of their keys. */
  entries(): Map<string, unknown> {
    const depositOf = (key: string, bytes: number): bigint =>
      this.#ledger.depositPerByte * BigInt(key.length - key.indexOf('/') - 1 + bytes);
    return new Map([
      ...[...this.accounts]
        .map(([of, account]): [string, unknown] => [`account/${of}`, account])
        .filter(([key]) => isModelled(key)),
      ...[...this.data].map(([key, { bytes, value }]): [string, unknown] => [
        key,
        { ...value, deposit: depositOf(key, bytes) },
      ]),
    ]);
  }

  /** What becomes of those transactions of a body that are executed; null stands for one that is none of them. */
  append(transactions: readonly (Pick<IdentifiedTransaction, 'signed'> | null)[]): Verdict[] {
    this.height = (this.height + 1) as Height;
    this.#index = 0;
    this.#made = new Map();
    this.#madeByAll = 0;
    const verdicts: Verdict[] = [];
    for (const [position, item] of transactions.entries()) {
      if (item === null) continue;
      const { transaction } = item.signed;
      const fee = BigInt(weightOf(transaction)) * this.#ledger.weightPrice;
      const sender = this.accounts.get(transaction.sender);
      if (sender === undefined || sender.nonce !== transaction.nonce || sender.balance < fee) continue;
      if (transaction.maxFee < fee || (transaction.expiresAt !== 0 && this.height > transaction.expiresAt)) continue;
      const before = this.#copy();
      sender.nonce += 1;
      this.#pay(transaction.sender, FEE_POOL, fee);
      const verdict = this.#run(transaction, fee);
      if (verdict.code === NO_ROOM) {
        [this.accounts, this.data] = before;
        continue;
      }
      verdicts.push({ position, ...verdict });
      this.#index += 1;
    }
    return verdicts;
  }

  #run(transaction: Transaction, fee: bigint): { code: string; feePaid: bigint } {
    const [accounts, data] = this.#copy();
    const { members } = this;
    try {
      for (const operation of transaction.operations) this.#require(operation);
      for (const operation of transaction.operations) this.#do(transaction.sender, operation);
      const feePaid = fee + this.#grow(transaction, fee, { accounts, data, members });
      return { code: 'OK', feePaid };
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      [this.accounts, this.data, this.members] = [accounts, data, members];
      return { code: error.message, feePaid: fee };
    }
  }

  #copy(): [Model['accounts'], Model['data']] {
    return [new Map([...this.accounts].map(([of, account]) => [of, { ...account }] as const)), new Map(this.data)];
  }

  #grow({ sender, maxFee }: Transaction, fee: bigint, { accounts, data, members }: Before): bigint {
    const { minimumBalance, newEntriesMax, weightPrice, blockWeightMax } = this.#ledger;
    const people = [...this.accounts].filter(([of]) => !isSystemAccount(of));
    for (const [of, { balance }] of people) {
      const before = accounts.get(of);
      if (balance < minimumBalance && (before === undefined || balance < before.balance)) fail('BELOW_MINIMUM');
    }
    const made =
      people.filter(([of]) => !accounts.has(of)).length +
      [...this.data.keys()].filter((key) => !data.has(key)).length +
      (this.members.proposals.size - members.proposals.size);
    const madeBySender = (this.#made.get(sender) ?? 0) + made;
    if (made > newEntriesMax) fail('TOO_MANY_NEW');
    if (made > 0 && madeBySender > newEntriesMax) fail(NO_ROOM);
    if (made > 0 && this.#madeByAll + made > Math.max(16, Math.floor(blockWeightMax / 4))) fail(NO_ROOM);
    const price = BigInt(made * NEW_ENTRY_WEIGHT) * weightPrice;
    if (price > 0n && fee + price > maxFee) fail('FEE_TOO_LOW');
    this.#pay(sender, FEE_POOL, price);
    this.#made.set(sender, madeBySender);
    this.#madeByAll += made;
    return price;
  }

  #pay(from: Address, to: Address, amount: bigint): void {
    const payer = this.accounts.get(from);
    invariant(payer !== undefined, 'who pays has an account', { from });
    if (payer.balance < amount) fail('INSUFFICIENT_BALANCE');
    if (amount === 0n) return;
    payer.balance -= amount;
    const payee = this.accounts.get(to);
    if (payee === undefined) this.accounts.set(to, { balance: amount, nonce: 0 });
    else payee.balance += amount;
  }

  /** Makes this of what stands under the key, and settles its deposit. */
  #store(sender: Address, key: string, after: Stored | undefined): void {
    const sizeOf = (stored: Stored | undefined): number =>
      stored === undefined ? 0 : key.length - key.indexOf('/') - 1 + stored.bytes;
    const cost = this.#ledger.depositPerByte * BigInt(sizeOf(after) - sizeOf(this.data.get(key)));
    if (cost > 0n) this.#pay(sender, DEPOSITS, cost);
    if (cost < 0n) this.#pay(DEPOSITS, sender, -cost);
    if (after === undefined) this.data.delete(key);
    else this.data.set(key, after);
  }

  #entry(operation: { readonly namespace: string; readonly key: string }): EntryValue | undefined {
    return this.data.get(entryKey(operation))?.value as EntryValue | undefined;
  }

  #require(operation: Operation): void {
    if (!('condition' in operation)) return;
    const condition: Condition = operation.condition;
    const version = this.#entry(operation)?.version;
    if (condition.kind === 'absent' && version !== undefined) fail('CONDITION_FAILED');
    if (condition.kind !== 'version') return;
    if (version?.height !== condition.height || version.index !== condition.index) fail('CONDITION_FAILED');
  }

  #do(sender: Address, operation: Operation): void {
    switch (operation.kind) {
      case 'transfer':
        if (operation.amount === 0n) fail('AMOUNT_ZERO');
        if (isVault(operation.to)) fail('NOT_PAYABLE');
        return this.#pay(sender, operation.to, operation.amount);
      case 'create-namespace':
        if (this.data.has(`namespace/${operation.name}`)) fail('NAMESPACE_EXISTS');
        return this.#storeNamespace(sender, operation.name, { owner: sender, writers: operation.writers });
      case 'set-writers':
        this.#own(sender, operation.name);
        return this.#storeNamespace(sender, operation.name, { owner: sender, writers: operation.writers });
      case 'set-owner': {
        const { bytes, value } = this.#own(sender, operation.name);
        this.data.set(`namespace/${operation.name}`, { bytes, value: { ...value, owner: operation.owner } });
        return;
      }
      case 'require':
        return;
      case 'add':
      case 'insert':
      case 'remove':
        this.#mayWrite(sender, operation.namespace);
        return this.#merge(sender, operation);
      case 'put':
      case 'delete':
      case 'lease':
      case 'release':
        this.#mayWrite(sender, operation.namespace);
        return this.#writeEntry(sender, operation);
      case 'bond':
      case 'unbond':
      case 'withdraw':
      case 'unjail':
      case 'propose':
      case 'vote':
        return this.#change(sender, operation);
      default:
        return unreachable(operation);
    }
  }

  #change(sender: Address, operation: MembersOperation): void {
    const { height } = this;
    const genesis = this.#genesis;
    this.members = membersAfter({ members: this.members, sender, height, genesis, fail }, operation);
    if (operation.kind === 'withdraw') this.#pay(STAKES, sender, operation.amount);
    if (operation.kind !== 'bond') return;
    this.#pay(sender, STAKES, operation.amount);
    if ((this.accounts.get(STAKES)?.balance ?? 0n) > STAKES_MAX) fail('STAKE_LIMIT');
  }

  #storeNamespace(sender: Address, name: string, value: { owner: Address; writers: readonly Address[] }): void {
    const { writers } = value;
    if (writers.some((writer, at) => writers.indexOf(writer) !== at)) fail('DUPLICATE_WRITER');
    this.#store(sender, `namespace/${name}`, { bytes: 32 + 32 * writers.length, value });
  }

  #own(sender: Address, name: string): Stored {
    const namespace = this.data.get(`namespace/${name}`) ?? fail('NO_NAMESPACE');
    return namespace.value['owner'] === sender ? namespace : fail('NOT_OWNER');
  }

  #mayWrite(sender: Address, name: string): void {
    const { value } = this.data.get(`namespace/${name}`) ?? fail('NO_NAMESPACE');
    if (![value['owner'], ...(value['writers'] as Address[])].includes(sender)) fail('NOT_A_WRITER');
  }

  #merge(sender: Address, operation: OperationOf<'add' | 'insert' | 'remove'>): void {
    const { namespace, key } = operation;
    switch (operation.kind) {
      case 'add': {
        const under = `counter/${namespace}/${key}`;
        const value = ((this.data.get(under)?.value['value'] as bigint | undefined) ?? 0n) + operation.delta;
        if (value < -(2n ** 63n) || value >= 2n ** 63n) fail('COUNTER_OVERFLOW');
        return this.#store(sender, under, value === 0n ? undefined : { bytes: 8, value: { value } });
      }
      case 'insert':
        return this.#store(sender, `member/${namespace}/${key} ${operation.member}`, { bytes: 0, value: {} });
      case 'remove':
        return this.#store(sender, `member/${namespace}/${key} ${operation.member}`, undefined);
      default:
        return unreachable(operation);
    }
  }

  #writeEntry(sender: Address, operation: OperationOf<'put' | 'delete' | 'lease' | 'release'>): void {
    const before = this.#entry(operation);
    const lease = before?.lease ?? null;
    const { value: of } = this.data.get(`namespace/${operation.namespace}`) ?? fail('NO_NAMESPACE');
    const writers = [of['owner'], ...(of['writers'] as Address[])];
    const held = lease !== null && lease.until >= this.height && writers.includes(lease.owner) ? lease : null;
    if (held !== null && held.owner !== sender) fail('LEASED');
    const version = { height: this.height, index: this.#index };
    const valueOf = (bytes: Uint8Array) => ({ version, length: bytes.length, hash: sha256Hash(bytes) });
    const store = (value: EntryValue['value'], next: EntryValue['lease']): void =>
      this.#store(sender, entryKey(operation), { bytes: value.length, value: { version, lease: next, value } });
    switch (operation.kind) {
      case 'put':
        return store(valueOf(operation.value), held);
      case 'delete':
        if (before === undefined) fail('NO_ENTRY');
        return this.#store(sender, entryKey(operation), undefined);
      case 'lease': {
        const { until } = operation;
        if (until < this.height || until - this.height > LEASE_HEIGHTS_MAX) fail('UNTIL_OUT_OF_RANGE');
        return store(before?.value ?? valueOf(new Uint8Array(0)), { owner: sender, until });
      }
      case 'release': {
        const { value } = before ?? fail('NO_ENTRY');
        if (held === null) fail('NO_LEASE');
        return store(value, null);
      }
      default:
        return unreachable(operation);
    }
  }
}
