/** A chain as the driver executes and stores it, pruning included, without consensus: certificates are signed with the development keys.
 *  Beside it stands what each account had after each block, computed in the simplest way. */
import type { Address, Height, ValidatorIndex } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { signersOf } from '../../../src/consensus/tally.ts';
import { nobleEd25519 } from '../../../src/crypto/ed25519.ts';
import { Chain } from '../../../src/driver/durability/chain.ts';
import { type RecoveredDriver, recover } from '../../../src/driver/durability/recovery.ts';
import { Seals } from '../../../src/driver/durability/seals.ts';
import type { FinalizedBlock, Store } from '../../../src/driver/ports.ts';
import { Pruning } from '../../../src/driver/state/pruning.ts';
import { StateFetching } from '../../../src/driver/state/state-fetching.ts';
import { Batch } from '../../../src/driver/stored/batch.ts';
import { type Account, NO_ACCOUNT } from '../../../src/ledger/account.ts';
import type { Body } from '../../../src/ledger/block.ts';
import { type Genesis, parseGenesis } from '../../../src/ledger/genesis.ts';
import { keysTouched } from '../../../src/ledger/touched.ts';
import {
  type IdentifiedTransaction,
  identifyTransaction,
  type Operation,
  signedTransactionCodec,
} from '../../../src/ledger/transaction.ts';
import type { Evidence } from '../../../src/ledger/evidence.ts';
import { type Certificate, type Vote, voteSigningBytes } from '../../../src/ledger/vote.ts';
import { developmentNetwork } from '../../../src/node/development.ts';
import { StateReader } from '../../../src/node/state/state-reader.ts';

const NETWORK = developmentNetwork(4);
/** Milliseconds between blocks. */
export const BLOCK_MS = 1_000;

export interface Payment {
  readonly from: Address;
  readonly to: Address;
  readonly amount: bigint;
}

/** Operations on data; where deposits cost nothing they change no balance. */
export interface Deed {
  readonly from: Address;
  readonly operations: readonly Operation[];
}

export type Accounts = ReadonlyMap<Address, Account>;

/** Of a development network where nothing costs a fee. */
export function genesisText(): string {
  const text = JSON.parse(NETWORK.genesisText) as { ledger: Record<string, unknown> };
  text.ledger['weightPrice'] = '0';
  return JSON.stringify(text);
}

/** Its genesis, with as many heights that are kept. */
export function genesisKeeping(historyHeights: number): Genesis {
  const genesis = parseGenesis(genesisText());
  if (!genesis.ok) throw new Error(genesis.error.message);
  const ledger = { ...genesis.value.ledger, historyHeights };
  return { ...genesis.value, ledger };
}

interface Parts {
  readonly chain: Chain;
  readonly batch: Batch;
  readonly seals: Seals;
  readonly pruning: Pruning;
  readonly fetching: StateFetching;
}

export class LongChain {
  readonly genesis: Genesis;
  readonly store: Store;
  /** By height, what every account had after that block. */
  readonly accounts: Accounts[];
  /** Called with each final block as it is told. */
  told: (block: FinalizedBlock) => void = () => {};
  /** Which heights have a certificate of their own. */
  isCertified: (height: Height) => boolean = () => true;
  readonly #parts: Parts;
  /** Reads of the pruning that are under way. */
  #reading = 0;

  private constructor(genesis: Genesis, store: Store, recovered: RecoveredDriver, accounts: Accounts[]) {
    this.genesis = genesis;
    this.store = store;
    this.accounts = accounts;
    const batch = new Batch();
    const nothing = (): void => {};
    const observer = {
      finalized: (block: FinalizedBlock) => this.told(block),
      rejected: nothing,
      offence: nothing,
      note: nothing,
      halted: nothing,
    };
    const chain = new Chain(recovered, batch, observer);
    const input = (run: () => void): void => run();
    this.#parts = {
      chain,
      batch,
      seals: new Seals(recovered.sealed),
      fetching: new StateFetching({ store, resident: recovered.state.source, input }),
      pruning: new Pruning({
        store: {
          read: (keys, done) => {
            this.#reading += 1;
            store.read(keys, (...answer) => {
              this.#reading -= 1;
              done(...answer);
            });
          },
        },
        batch,
        input,
        historyHeights: () => genesis.ledger.historyHeights,
        finalHeight: () => chain.told.height,
        recovered,
      }),
    };
  }

  /** Begins a chain in the store, or goes on with that which is there, and with what its accounts had. */
  static async open(store: Store, genesis: Genesis, accounts?: Accounts[]): Promise<LongChain> {
    const recovered = await new Promise<RecoveredDriver>((resolve, reject) => {
      recover(store, genesis, nobleEd25519.verify, (result) =>
        result.ok ? resolve(result.value) : reject(new Error(result.error.message)),
      );
    });
    const first = new Map([...genesis.accounts].map(({ address, balance }) => [address, { balance, nonce: 0 }]));
    return new LongChain(genesis, store, recovered, accounts ?? [first]);
  }

  get final(): Height {
    return this.#parts.chain.told.height;
  }

  get oldest(): Height {
    return this.#parts.pruning.oldest;
  }

  reader(store: Pick<Store, 'read' | 'scan'> = this.store): StateReader {
    return new StateReader(store, this.genesis, { finalHeight: () => this.final, oldestState: () => this.oldest });
  }

  has(height: number, address: Address): Account {
    return present(this.accounts[height], 'a height').get(address) ?? NO_ACCOUNT;
  }

  /** Makes a block of these, each of which has to succeed, and waits until it is final and durable. */
  async append(payments: readonly (Payment | Deed)[], evidence: readonly Evidence[] = []): Promise<void> {
    const { chain, batch, pruning } = this.#parts;
    const height = (chain.executedHeight + 1) as Height;
    const now = new Map(present(this.accounts.at(-1), 'accounts'));
    const transactions = payments.map((payment) => this.#pay(now, payment));
    this.accounts.push(now);
    const body: Body = {
      proposer: 0 as ValidatorIndex,
      timestampMs: this.genesis.timestampMs + height * BLOCK_MS,
      certificate: null,
      transactionIds: transactions.map(({ id }) => id),
      evidence: [...evidence],
    };
    await this.#fetched(body, transactions);
    const block = chain.execute(body, transactions, false);
    if (block.record.receipts.some(({ code }) => code !== 'OK')) throw new Error('a payment failed');
    if (this.isCertified(height)) chain.certify(this.#certificate(height, block.hash));
    await this.#write();
    // What was pruned in the turn after.
    pruning.step();
    while (this.#reading > 0) await new Promise((resolve) => void setImmediate(resolve));
    await this.#write();
    if (batch.take().operations.length > 0) throw new Error('something is left to be written');
  }

  #pay(accounts: Map<Address, Account>, payment: Payment | Deed): IdentifiedTransaction {
    const { from } = payment;
    const sender = accounts.get(from) ?? NO_ACCOUNT;
    const transaction = {
      chainId: this.genesis.chainId,
      sender: from,
      nonce: sender.nonce,
      expiresAt: 0 as Height,
      maxFee: 0n,
      operations:
        'to' in payment ? [{ kind: 'transfer' as const, to: payment.to, amount: payment.amount }] : payment.operations,
      memo: new Uint8Array(),
    };
    const { to, amount } = 'to' in payment ? payment : { to: from, amount: 0n };
    accounts.set(from, { balance: sender.balance - amount, nonce: sender.nonce + 1 });
    const receiver = accounts.get(to) ?? NO_ACCOUNT;
    accounts.set(to, { balance: receiver.balance + amount, nonce: receiver.nonce });
    const identified = identifyTransaction(
      signedTransactionCodec.encode({ transaction, signature: new Uint8Array(64) }),
    );
    if (!identified.ok) throw new Error(identified.error.message);
    return identified.value;
  }

  async #fetched(body: Body, transactions: readonly IdentifiedTransaction[]): Promise<void> {
    const { fetching, chain } = this.#parts;
    while (
      !fetching.isReady(() => keysTouched(chain.state.epochs, (chain.executedHeight + 1) as Height, body, transactions))
    ) {
      fetching.flush();
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  async #write(): Promise<void> {
    const { batch, seals } = this.#parts;
    const { operations, after } = batch.take();
    if (operations.length > 0)
      await new Promise<void>((resolve, reject) => {
        this.store.write(seals.seal(operations), (error) => (error === undefined ? resolve() : reject(error)));
      });
    for (const action of after) action();
  }

  #certificate(height: Height, blockHash: Vote['hash']): Certificate {
    const { epoch } = present(this.#parts.chain.state.epochs.at(height), 'an epoch');
    const vote = { kind: 'checkpoint' as const, epoch, view: 0 as Vote['view'], height, hash: blockHash };
    const bytes = voteSigningBytes(this.genesis.chainId, vote);
    const signing = NETWORK.validators.slice(0, 3);
    return {
      epoch,
      height,
      blockHash,
      signers: signersOf(signing.map((_, index) => index as ValidatorIndex)),
      signatures: signing.map(({ validatorSecret }) => nobleEd25519.sign(validatorSecret, bytes)),
    };
  }
}
