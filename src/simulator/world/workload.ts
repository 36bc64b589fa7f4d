/**
 * What clients ask for beside transfers: operations of all kinds on a few names, so that they meet. Each client reads what is final,
 * as anybody does, and at times writes by what it read long ago.
 */
import type { Address, Height } from '../../base/brand.ts';
import { present, unreachable } from '../../base/invariant.ts';
import type { Random } from '../../base/random.ts';
import type { BlockRecord } from '../../ledger/block.ts';
import { type DataKey, dataKeyText } from '../../ledger/data/entry.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { LEASE_HEIGHTS_MAX, OPERATIONS_MAX, VALUE_BYTES_MAX } from '../../ledger/limits.ts';
import type { Condition, EntryVersion } from '../../ledger/operations/data-fields.ts';
import type { Operation, Transaction } from '../../ledger/transaction.ts';
import { weightOf } from '../../ledger/weight.ts';
import { newcomer } from './keys.ts';

const NAMES = ['locks', 'orders', 'stock'] as const;
const KEYS = ['a', 'b', 'b/1', 'b/2', 'c'] as const;
const MEMBERS = ['x', 'y', 'z'] as const;

/** Kinds that everybody asks for. Validators have their own reasons for the others. */
type Asked = Exclude<Operation['kind'], 'bond' | 'unbond' | 'withdraw' | 'unjail' | 'propose' | 'vote'>;

/** How often each kind is asked for, beside the others. */
const FREQUENCY: { readonly [K in Asked]: number } = {
  transfer: 6,
  'create-namespace': 1,
  'set-writers': 1,
  'set-owner': 1,
  put: 12,
  delete: 4,
  lease: 5,
  release: 3,
  add: 6,
  insert: 4,
  remove: 3,
  require: 3,
};
const KINDS = (Object.keys(FREQUENCY) as Asked[]).flatMap((kind) =>
  Array.from({ length: FREQUENCY[kind] }, () => kind),
);

/** Part of all transactions that have one operation, and of those with more that have few. */
const SINGLE = 0.6;
const FEW = 0.9;
/** Part of all conditions by version that name one that was there before the newest. */
const STALE = 0.2;
/** Versions of a key that clients remember. */
const REMEMBERED = 4;
/** Part of all transactions that offer no more than the fee of their weight: nothing for what is new. */
const MEAN = 0.05;
/** Part of all transfers that go to somebody whom nobody has paid before. */
const TO_NEWCOMERS = 0.4;
/** Part of all leases that are asked for a time that has been, or is too far away. */
const BAD_LEASE = 0.1;
/** Part of all that is added to counters that fills them. */
const FULL = 0.05;
const INT64_MAX = 2n ** 63n - 1n;
/** Bytes of values, and how many of a hundred are at most so long. */
const LENGTHS: readonly (readonly [percent: number, bytesMax: number])[] = [
  [70, 64],
  [92, 600],
  [98, 6000],
  [100, VALUE_BYTES_MAX],
];
/** Heights for which leases are taken: short ones run out while somebody waits. */
const LEASE_HEIGHTS = 20;
/** What any client offers for its transactions. */
export const MAX_FEE = 1_000_000n;

export class Workload {
  readonly #random: Random;
  readonly #ledger: Genesis['ledger'];
  readonly #accounts: readonly Address[];
  /** Owners of the namespaces that are there. */
  readonly #namespaces = new Map<string, Address>();
  /** What last stood under each key, newest first; null where nothing did. */
  readonly #read = new Map<string, readonly (EntryVersion | null)[]>();
  /** Who last took the lease of a key, and has not released it. */
  readonly #owners = new Map<string, Address>();
  /** Of the newest final block. */
  #height = 0 as Height;
  #newcomers = 0;

  constructor(random: Random, { ledger }: Genesis, accounts: readonly Address[]) {
    this.#random = random;
    this.#ledger = ledger;
    this.#accounts = accounts;
  }

  /** A final block, of any height. */
  learn({ header: { height }, receipts }: BlockRecord): void {
    if (height <= this.#height) return;
    this.#height = height;
    for (const { events } of receipts)
      for (const event of events) {
        if (event.kind === 'create-namespace' || event.kind === 'set-owner')
          this.#namespaces.set(event.namespace, event.owner);
        if (event.kind === 'put' || event.kind === 'lease' || event.kind === 'release')
          this.#remember(event, event.version);
        if (event.kind === 'delete') this.#remember(event, null);
        if (event.kind === 'lease') this.#owners.set(dataKeyText(event), event.owner);
        if (event.kind === 'release' || event.kind === 'delete') this.#owners.delete(dataKeyText(event));
      }
  }

  /** Of this client's next transaction; a block has room for it. */
  next(sender: Address): Pick<Transaction, 'operations' | 'maxFee'> {
    const operations = Array.from({ length: this.#count() }, () => this.#operation(this.#random.pick(KINDS), sender));
    while (operations.length > 1 && weightOf({ operations }) > this.#ledger.blockWeightMax) operations.pop();
    const fits = weightOf({ operations }) <= this.#ledger.blockWeightMax;
    const asked = fits ? operations : [this.#operation('transfer', sender)];
    const fee = BigInt(weightOf({ operations: asked })) * this.#ledger.weightPrice;
    return { operations: asked, maxFee: this.#random.chance(MEAN) ? fee : MAX_FEE };
  }

  #remember(named: DataKey, now: EntryVersion | null): void {
    const name = dataKeyText(named);
    this.#read.set(name, [now, ...(this.#read.get(name) ?? [])].slice(0, REMEMBERED));
  }

  #count(): number {
    if (this.#random.chance(SINGLE)) return 1;
    return this.#random.chance(FEW) ? this.#random.int(2, 4) : this.#random.int(5, OPERATIONS_MAX);
  }

  #operation(kind: Asked, sender: Address): Operation {
    const random = this.#random;
    const namespace = random.pick(NAMES);
    // Nothing can be written before there is a namespace: so whoever comes first makes it, in most cases.
    if (kind !== 'transfer' && !this.#namespaces.has(namespace) && random.chance(0.5))
      return { kind: 'create-namespace', name: namespace, writers: this.#writers() };
    const named = { namespace, key: random.pick(KEYS) };
    switch (kind) {
      case 'transfer':
        return { kind, to: this.#recipient(), amount: BigInt(random.pick([0, 1, 1, 1, 5000])) };
      case 'create-namespace':
        return { kind, name: namespace, writers: this.#writers() };
      case 'set-writers':
        return { kind, name: this.#ownedBy(sender) ?? namespace, writers: this.#writers() };
      case 'set-owner':
        return { kind, name: this.#ownedBy(sender) ?? namespace, owner: random.pick(this.#accounts) };
      case 'put':
        return { kind, ...named, value: this.#value(), condition: this.#condition(named) };
      case 'release': {
        const own = this.#leasedBy(sender) ?? named;
        return { kind, ...own, condition: this.#condition(own) };
      }
      case 'delete':
      case 'require':
        return { kind, ...named, condition: this.#condition(named) };
      case 'lease':
        return { kind, ...named, until: this.#until(), condition: this.#condition(named) };
      case 'add':
        return { kind, ...named, delta: random.chance(FULL) ? INT64_MAX : BigInt(random.int(-3, 3)) };
      case 'insert':
      case 'remove':
        return { kind, ...named, member: random.pick(MEMBERS) };
      default:
        return unreachable(kind);
    }
  }

  #recipient(): Address {
    if (!this.#random.chance(TO_NEWCOMERS)) return this.#random.pick(this.#accounts);
    this.#newcomers += 1;
    return newcomer(this.#newcomers);
  }

  /** Most of all; at times somebody twice. */
  #writers(): Address[] {
    const writers = this.#accounts.filter(() => this.#random.chance(0.8));
    return this.#random.chance(0.1) ? [...writers, this.#random.pick(this.#accounts)] : writers;
  }

  #value(): Uint8Array {
    const percent = this.#random.between(0, 100);
    const [, bytesMax] = present(
      LENGTHS.find(([most]) => percent <= most),
      'a length',
    );
    return new Uint8Array(this.#random.int(1, bytesMax)).fill(this.#random.int(0, 255));
  }

  /** The first of those that are the client's. */
  #ownedBy(sender: Address): string | undefined {
    return [...this.#namespaces].find(([, owner]) => owner === sender)?.[0];
  }

  /** One of those whose lease the client has, as far as anybody can read. */
  #leasedBy(sender: Address): DataKey | undefined {
    const names = [...this.#owners].filter(([, owner]) => owner === sender).map(([name]) => name);
    if (names.length === 0) return undefined;
    const name = this.#random.pick(names);
    const slash = name.indexOf('/');
    return { namespace: name.slice(0, slash), key: name.slice(slash + 1) };
  }

  #condition(named: DataKey): Condition {
    const kind = this.#random.pick(['any', 'any', 'absent', 'version', 'version', 'version'] as const);
    if (kind !== 'version') return { kind };
    const versions = this.#read.get(dataKeyText(named)) ?? [];
    const at = this.#random.chance(STALE) ? this.#random.int(0, REMEMBERED - 1) : 0;
    const version = versions[Math.min(at, versions.length - 1)] ?? null;
    return version === null ? { kind: 'absent' } : { kind, ...version };
  }

  #until(): Height {
    if (this.#random.chance(BAD_LEASE)) return this.#random.pick([0, this.#height + 2 * LEASE_HEIGHTS_MAX]) as Height;
    return (this.#height + this.#random.int(1, LEASE_HEIGHTS)) as Height;
  }
}
