/** Accounts that pay one another, and books of what they should own: kept by adding and subtracting, without any code of
 *  the ledger. */
import type { Address, Hash } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { type SignedBytes, Wallet } from '../../src/client/wallet.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { ALL, type Validators } from './validators.ts';

/** What everybody gets to begin with: more than anybody here can spend. */
const GIFT = 1_000_000n;
const COMMIT_MS = 30_000;

export class Person {
  readonly wallet: Wallet;
  #nonce = 0;

  constructor(secret: Uint8Array) {
    this.wallet = new Wallet(secret);
  }

  get address(): Address {
    return this.wallet.address;
  }

  /** Signs its next transfer. */
  pay(chainId: Hash, to: Address, amount: bigint): SignedBytes {
    return this.wallet.transfer({ chainId, nonce: this.#nonce++, to, amount });
  }
}

export class Books {
  readonly #chainId: Hash;
  readonly #balances = new Map<Address, bigint>();
  /** All transactions that were signed. */
  readonly ids = new Set<Hash>();

  constructor(chainId: Hash, opening: ReadonlyMap<Address, bigint>) {
    this.#chainId = chainId;
    this.#balances = new Map(opening);
  }

  get supply(): bigint {
    return [...this.#balances.values()].reduce((sum, balance) => sum + balance, 0n);
  }

  get balances(): ReadonlyMap<Address, bigint> {
    return this.#balances;
  }

  /** The signed transfer, written down as if it were committed. */
  pay(from: Person, to: Address, amount: bigint): SignedBytes {
    const signed = from.pay(this.#chainId, to, amount);
    const after = this.#of(from.address) - amount;
    invariant(after >= 0n, 'the test spends more than there is');
    this.#balances.set(from.address, after);
    this.#balances.set(to, this.#of(to) + amount);
    this.ids.add(signed.id);
    return signed;
  }

  #of(address: Address): bigint {
    return this.#balances.get(address) ?? 0n;
  }

  /** Every node has these balances and no other money. */
  async requireBalances(validators: Validators, opening: bigint): Promise<void> {
    invariant(this.supply === opening, 'the books lose money');
    for (const index of ALL) {
      const client = validators.only(index);
      let supply = 0n;
      for (const [address, expected] of this.#balances) {
        const { balance } = await client.account(address);
        invariant(balance === expected, 'a balance is wrong', { index, address, balance, expected });
        supply += balance;
      }
      invariant(supply === opening, 'the supply has changed', { index, supply, opening });
    }
  }
}

export interface Town {
  readonly books: Books;
  readonly people: readonly Person[];
  /** All the money there is. */
  readonly supply: bigint;
}

/** So many new accounts, each with a gift from a development account that is final on every node. */
export async function settle(validators: Validators, count: number): Promise<Town> {
  const { accounts, genesisText } = developmentNetwork(ALL.length);
  const genesis = JSON.parse(genesisText) as { readonly accounts: readonly { readonly balance: string }[] };
  const opening = new Map(
    accounts.map(({ address }, position) => [address, BigInt(present(genesis.accounts[position], 'it').balance)]),
  );
  const books = new Books(validators.chainId, opening);
  const { supply } = books;
  const givers = accounts.map(({ secret }) => new Person(secret));
  const people = Array.from({ length: count }, (_, number) => {
    return new Person(sha256(new TextEncoder().encode(`trefoil test account ${number}`)));
  });
  const gifts = people.map(({ address }, number) => {
    return books.pay(present(givers[number % givers.length], 'a giver'), address, GIFT);
  });
  const results = await validators.from(0).submitBatch(gifts.map(({ bytes }) => bytes));
  for (const result of results) invariant('status' in result, 'a gift was refused', { result: JSON.stringify(result) });
  for (const index of ALL) {
    for (const { id } of gifts) {
      const status = await validators.only(index).waitFor(id, COMMIT_MS);
      invariant(status.status === 'committed' && status.code === 'OK', 'a gift failed', { ...status });
    }
  }
  return { books, people, supply };
}
