/** A small ledger whose transactions are of any kind, each block written by hand. */
import { present } from '../../../src/base/invariant.ts';
import type { Address } from '../../../src/base/brand.ts';
import { ACCOUNTS, type Account, DEPOSITS } from '../../../src/ledger/account.ts';
import type { BlockRecord, Receipt } from '../../../src/ledger/block.ts';
import { COUNTERS } from '../../../src/ledger/data/counter.ts';
import { ENTRIES } from '../../../src/ledger/data/entry.ts';
import { MEMBERS } from '../../../src/ledger/data/member.ts';
import { NAMESPACES } from '../../../src/ledger/data/namespace.ts';
import { type ExecutedBlock, execute } from '../../../src/ledger/execute.ts';
import { type Genesis, parseGenesis } from '../../../src/ledger/genesis.ts';
import type { EntryVersion } from '../../../src/ledger/operations/data-fields.ts';
import type { StateKey } from '../../../src/ledger/state/entry-kind.ts';
import { valuePlaceText } from '../../../src/ledger/state/value-place.ts';
import { advance, genesisState } from '../../../src/ledger/state/ledger-state.ts';
import type { IdentifiedTransaction, Operation, Transaction } from '../../../src/ledger/transaction.ts';
import { accountOf, bodyOf, genesisJson, makeTransaction } from '../network.ts';

/** Parameters of the genesis's ledger, as in its file. */
export type Parameters = Readonly<Record<string, string | number>>;

/** The genesis of the repository, with other parameters of the ledger. */
export function genesisWith(parameters: Parameters = {}): Genesis {
  const json = genesisJson();
  Object.assign(json.ledger, parameters);
  const genesis = parseGenesis(JSON.stringify(json));
  if (!genesis.ok) throw new Error(genesis.error.message);
  return genesis.value;
}

export const NAMESPACE = 'docs';
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const ANY = { kind: 'any' } as const;
export const ABSENT = { kind: 'absent' } as const;
export const at = (version: EntryVersion) => ({ kind: 'version', ...version }) as const;

type Of<K extends Operation['kind']> = Extract<Operation, { kind: K }>;
/** Operations in the namespace of the tests. */
export const put = (key: string, value: string, condition: Of<'put'>['condition'] = ANY): Operation => ({
  kind: 'put',
  namespace: NAMESPACE,
  key,
  value: text(value),
  condition,
});
export const remove = (key: string, condition: Of<'delete'>['condition'] = ANY): Operation => ({
  kind: 'delete',
  namespace: NAMESPACE,
  key,
  condition,
});
export const lease = (key: string, until: number, condition: Of<'lease'>['condition'] = ANY): Operation => ({
  kind: 'lease',
  namespace: NAMESPACE,
  key,
  until: until as Of<'lease'>['until'],
  condition,
});
export const release = (key: string, condition: Of<'release'>['condition'] = ANY): Operation => ({
  kind: 'release',
  namespace: NAMESPACE,
  key,
  condition,
});
export const required = (key: string, condition: Of<'require'>['condition']): Operation => ({
  kind: 'require',
  namespace: NAMESPACE,
  key,
  condition,
});
export const add = (key: string, delta: bigint): Operation => ({ kind: 'add', namespace: NAMESPACE, key, delta });
export const insert = (key: string, member: string): Operation => ({
  kind: 'insert',
  namespace: NAMESPACE,
  key,
  member,
});
export const takeOut = (key: string, member: string): Operation => ({
  kind: 'remove',
  namespace: NAMESPACE,
  key,
  member,
});
export const createNamespace = (name = NAMESPACE, writers: readonly Address[] = []): Operation => ({
  kind: 'create-namespace',
  name,
  writers,
});

/** Who sends what; other fields of the transaction if need be. */
export type Sent = readonly [sender: Address, operations: readonly Operation[], fields?: Partial<Transaction>];

export class Ledger {
  readonly genesis: Genesis;
  readonly state;
  readonly alice: Address;
  readonly bob: Address;
  readonly carol: Address;
  /** Values that stand apart, by their places. */
  readonly #values = new Map<string, Uint8Array>();

  constructor(parameters: Parameters = {}) {
    this.genesis = genesisWith(parameters);
    this.state = genesisState(this.genesis);
    this.alice = accountOf(this.genesis, 0);
    this.bob = accountOf(this.genesis, 1);
    this.carol = accountOf(this.genesis, 2);
  }

  /** With a namespace of alice's, in which bob may write. Height 1. */
  static withNamespace(parameters: Parameters = {}): Ledger {
    const ledger = new Ledger(parameters);
    const receipt = ledger.send(ledger.alice, createNamespace(NAMESPACE, [ledger.bob]));
    if (receipt.code !== 'OK') throw new Error(receipt.code);
    return ledger;
  }

  get height(): number {
    return this.state.head.header.height;
  }

  /** The transactions of a block, each with its sender's next nonce. */
  prepare(sent: readonly Sent[]): IdentifiedTransaction[] {
    const nonces = new Map<Address, number>();
    return sent.map(([sender, operations, fields]) => {
      const nonce = nonces.get(sender) ?? this.account(sender)?.nonce ?? 0;
      nonces.set(sender, nonce + 1);
      return makeTransaction({ chainId: this.genesis.chainId, sender, operations, nonce, ...fields });
    });
  }

  execute(sent: readonly Sent[]): ExecutedBlock {
    const transactions = this.prepare(sent);
    return execute(this.state, bodyOf(transactions), transactions);
  }

  /** Executes one block, and moves on. */
  append(sent: readonly Sent[]): BlockRecord['receipts'] {
    const block = this.execute(sent);
    advance(this.state, block);
    for (const value of block.delta.values) this.#values.set(valuePlaceText(value), value.bytes);
    return block.record.receipts;
  }

  /** A block with one transaction. */
  send(sender: Address, ...operations: readonly Operation[]): Receipt {
    return present(this.append([[sender, operations]])[0], 'receipt');
  }

  /** Empty blocks up to this height. */
  wait(height: number): void {
    while (this.height < height) this.append([]);
  }

  get<V>(key: StateKey<V>): V | undefined {
    return this.state.source.get(key);
  }

  account(address: Address): Account | undefined {
    return this.get(ACCOUNTS.key(address));
  }

  balance(address: Address): bigint {
    return this.account(address)?.balance ?? 0n;
  }

  /** As it is in the state. */
  stored(key: string) {
    return this.get(ENTRIES.key({ namespace: NAMESPACE, key }));
  }

  /** With its value. */
  entry(key: string) {
    const entry = this.stored(key);
    const place = entry && { key: ENTRIES.key({ namespace: NAMESPACE, key }), version: entry.value.version };
    return entry && { ...entry, value: this.#values.get(valuePlaceText(place!)) };
  }

  version(key: string): EntryVersion {
    return present(this.entry(key), key).version;
  }

  counter(key: string): bigint {
    return this.get(COUNTERS.key({ namespace: NAMESPACE, key }))?.value ?? 0n;
  }

  has(key: string, member: string): boolean {
    return this.get(MEMBERS.key({ namespace: NAMESPACE, key, member })) !== undefined;
  }

  namespace(name = NAMESPACE) {
    return this.get(NAMESPACES.key(name));
  }

  /** What all entries keep, by their own account of it. It has to be what lies with the deposits. */
  kept(): bigint {
    let sum = 0n;
    for (const [{ kind }, value] of this.state.source.entries())
      if (kind !== ACCOUNTS) sum += (value as { readonly deposit?: bigint }).deposit ?? 0n;
    return sum;
  }

  /** What all accounts have. */
  supply(): bigint {
    let sum = 0n;
    for (const [{ kind }, value] of this.state.source.entries())
      if (kind === ACCOUNTS) sum += (value as Account).balance;
    return sum;
  }

  /** All entries but accounts, as text. */
  data(): Record<string, unknown> {
    const data: [string, unknown][] = [];
    for (const [{ kind, text: key }, value] of this.state.source.entries())
      if (kind !== ACCOUNTS) data.push([`${kind.name}/${key}`, value]);
    return Object.fromEntries(data.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  deposits(): bigint {
    return this.balance(DEPOSITS);
  }
}
