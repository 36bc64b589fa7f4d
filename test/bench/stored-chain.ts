/** Chains that are long already: made here block by block, signed with the development keys, and written as nodes write them. */
import type { Address, Height, ValidatorIndex } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { Chain } from '../../src/driver/durability/chain.ts';
import { type RecoveredDriver, recover } from '../../src/driver/durability/recovery.ts';
import { Seals } from '../../src/driver/durability/seals.ts';
import type { Observer, Store, StoreOperation } from '../../src/driver/ports.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../../src/ledger/transaction.ts';
import { type Certificate, type Vote, voteSigningBytes } from '../../src/ledger/vote.ts';
import type { LevelStore } from '../../src/storage/level-store.ts';
import type { BenchAccount } from './accounts.ts';

/** Blocks of one batch, and bytes after which it is written anyway. */
const BATCH_BLOCKS = 64;
const BATCH_BYTES = 8 * 1024 * 1024;

export const UNHEARD: Observer = {
  finalized: () => undefined,
  rejected: () => undefined,
  offence: () => undefined,
  note: () => undefined,
  halted: (error) => {
    throw error;
  },
};

export interface ChainPlan {
  readonly genesis: Genesis;
  readonly blocks: number;
  readonly transactionsPerBlock: number;
  readonly accounts: readonly BenchAccount[];
  /** Secrets of the validators, by index: those of a quorum sign. */
  readonly secrets: readonly Uint8Array[];
  readonly ed25519: Ed25519;
}

/** Writes the same chain into each of these stores, which are empty. */
export async function storeChain(stores: readonly LevelStore[], plan: ChainPlan, signal: AbortSignal): Promise<void> {
  const { genesis, blocks, transactionsPerBlock, accounts, ed25519 } = plan;
  const verify = ed25519.verify;
  const recovered = await Promise.all(stores.map((store) => recoverFrom(store, genesis, verify)));
  const seals = recovered.map(({ sealed }) => new Seals(sealed));
  const batch = new Batch();
  const chain = new Chain(present(recovered[0], 'a store'), batch, UNHEARD);
  const paid = present(accounts[0], 'an account').address;
  let made = 0;
  let bytes = 0;
  for (let number = 1; number <= blocks; number++) {
    const transactions = Array.from({ length: transactionsPerBlock }, () =>
      nextTransfer(present(accounts[made++ % accounts.length], 'an account'), genesis, paid),
    );
    bytes += transactions.reduce((sum, each) => sum + each.bytes.length, 0);
    const body = {
      proposer: 0 as ValidatorIndex,
      timestampMs: genesis.timestampMs + number,
      certificate: null,
      transactionIds: transactions.map(({ id }) => id),
      evidence: [],
    };
    const block = chain.execute(body, transactions, false);
    chain.certify(certificateOf(plan, block.header.height, block.hash));
    if (number % BATCH_BLOCKS !== 0 && bytes < BATCH_BYTES && number < blocks) continue;
    signal.throwIfAborted();
    bytes = 0;
    const { operations } = batch.take();
    await Promise.all(stores.map((store, i) => written(store, present(seals[i], 'a store').seal(operations))));
  }
}

function nextTransfer(account: BenchAccount, { chainId }: Genesis, to: Address): IdentifiedTransaction {
  const identified = identifyTransaction(account.transfer(chainId, to));
  if (!identified.ok) throw new Error(identified.error.message);
  return identified.value;
}

/** Of all validators but the last, which are a quorum where all are equal. */
function certificateOf(plan: ChainPlan, height: Height, hash: Vote['hash']): Certificate {
  const { genesis, secrets, ed25519 } = plan;
  const { epoch } = present(epochsOf(genesis).at(height), 'an epoch');
  const bytes = voteSigningBytes(genesis.chainId, { kind: 'checkpoint', epoch, view: 0 as Vote['view'], height, hash });
  const signing = secrets.slice(0, -1);
  return {
    epoch,
    height,
    blockHash: hash,
    signers: signersOf(signing.map((_, index) => index as ValidatorIndex)),
    signatures: signing.map((secret) => ed25519.sign(secret, bytes)),
  };
}

export const recoverFrom = (store: Store, genesis: Genesis, verify: Ed25519['verify']): Promise<RecoveredDriver> =>
  new Promise((resolve, reject) => {
    recover(store, genesis, verify, (result) =>
      result.ok ? resolve(result.value) : reject(new Error(result.error.message)),
    );
  });

export const written = (store: Store, operations: readonly StoreOperation[]): Promise<void> =>
  new Promise((resolve, reject) => {
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error)));
  });
