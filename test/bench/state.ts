/**
 * `node test/bench/state.ts [ACCOUNTS …] [--block N] [--blocks N]`: what the state costs a node: blocks of transfers between accounts chosen by chance are
 * fetched, executed and stored by the very parts of the driver, over LevelDB in a folder of its own. Signatures and peers are left
 * out. Processor time is of all threads, LevelDB's among them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, address, type Height, type ValidatorIndex, validatorIndex } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { Random } from '../../src/base/random.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { sha256Hash } from '../../src/crypto/sha256.ts';
import { Chain } from '../../src/driver/durability/chain.ts';
import { type RecoveredDriver, recover } from '../../src/driver/durability/recovery.ts';
import { Seals } from '../../src/driver/durability/seals.ts';
import { StateFetching } from '../../src/driver/state/state-fetching.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { accountIn } from '../../src/ledger/account.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';
import { keysTouched } from '../../src/ledger/touched.ts';
import {
  identifyTransaction,
  type IdentifiedTransaction,
  signedTransactionCodec,
} from '../../src/ledger/transaction.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { openLevelStore } from '../../src/storage/level-store.ts';
import { makeGenesis } from '../ledger/network.ts';

const SIGNATURES = [0, 1, 2].map(() => new Uint8Array(64));
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const addressOf = (number: number): Address => address(sha256Hash(new TextEncoder().encode(`account ${number}`)));

const [BLOCK, BLOCKS] = [Number(process.env['BLOCK'] ?? 1000), Number(process.env['BLOCKS'] ?? 40)];

function genesisOf(count: number): Genesis {
  const accounts = Array.from({ length: count }, (_, number) => ({ address: addressOf(number), balance: 1_000_000n }));
  return { ...makeGenesis(), accounts, supply: 1_000_000n * BigInt(count) };
}

const opened = (store: Awaited<ReturnType<typeof openLevelStore>>, genesis: Genesis): Promise<RecoveredDriver> =>
  new Promise((resolve, reject) =>
    recover(
      store,
      genesis,
      () => true,
      (result) => (result.ok ? resolve(result.value) : reject(new Error(result.error.message))),
    ),
  );

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder))
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  return bytes;
}

async function measure(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trefoil-state-'));
  const genesis = genesisOf(count);
  const store = await openLevelStore(folder);
  const began = performance.now();
  let recovered = await opened(store, genesis);
  const founded = performance.now() - began;
  const again = performance.now();
  recovered = await opened(store, genesis);
  const restarted = performance.now() - again;
  const batch = new Batch();
  const seals = new Seals(recovered.sealed);
  const chain = new Chain(recovered, batch, { finalized() {}, rejected() {}, offence() {}, note() {}, halted() {} });
  let wake = (): void => {};
  const resident = recovered.state.source;
  const fetching = new StateFetching({
    store,
    resident,
    input: (run) => {
      run();
      wake();
    },
  });
  const random = new Random(1);
  const nonces = new Map<Address, number>();
  const makeBlock = (): IdentifiedTransaction[] =>
    Array.from({ length: BLOCK }, () => {
      const sender = addressOf(random.int(0, count - 1));
      const nonce = nonces.get(sender) ?? 0;
      nonces.set(sender, nonce + 1);
      const to = addressOf(random.int(0, count - 1));
      const transaction = {
        chainId: genesis.chainId,
        sender,
        nonce,
        expiresAt: 0 as Height,
        maxFee: 0n,
        operations: [{ kind: 'transfer' as const, to, amount: 1n }],
        memo: new Uint8Array(),
      };
      const identified = identifyTransaction(
        signedTransactionCodec.encode({ transaction, signature: new Uint8Array(64) }),
      );
      if (!identified.ok) throw new Error(identified.error.message);
      return identified.value;
    });
  let [executed, rounds] = [0, 0];
  const times = { fetch: 0, execute: 0, write: 0 };
  const run = async (blocks: readonly (readonly IdentifiedTransaction[])[]): Promise<void> => {
    for (const transactions of blocks) {
      const body = {
        proposer: validatorIndex(0),
        timestampMs: genesis.timestampMs + 1,
        certificate: null,
        transactionIds: transactions.map(({ id }) => id),
        evidence: [],
      };
      let at = performance.now();
      while (!fetching.isReady(() => keysTouched(body, transactions))) {
        fetching.flush();
        rounds += 1;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      times.fetch += performance.now() - at;
      at = performance.now();
      const block = chain.execute(body, transactions, false);
      if (block.skipped.length > 0) throw new Error(`skipped ${JSON.stringify(block.skipped[0])}`);
      chain.certify({
        epoch: block.header.epoch,
        height: block.header.height,
        blockHash: block.hash,
        signers: signersOf([0, 1, 2] as ValidatorIndex[]),
        signatures: SIGNATURES,
      });
      times.execute += performance.now() - at;
      at = performance.now();
      const { operations } = batch.take();
      await new Promise<void>((resolve, reject) =>
        store.write(seals.seal(operations), (error) => (error === undefined ? resolve() : reject(error))),
      );
      times.write += performance.now() - at;
      resident.forget();
      executed += transactions.length;
    }
  };
  const all = Array.from({ length: BLOCKS }, makeBlock);
  await run(all.slice(0, BLOCKS / 2));
  [executed, rounds, times.fetch, times.execute, times.write] = [0, 0, 0, 0, 0];
  const bytesBefore = await folderBytes(folder);
  const cpu = process.cpuUsage();
  const from = performance.now();
  await run(all.slice(BLOCKS / 2));
  const { user, system } = process.cpuUsage(cpu);
  const per = (ms: number): string => ((1000 * ms) / executed).toFixed(1);
  print(
    `${count} accounts: ${((user + system) / executed).toFixed(1)} µs processor a transaction; wall µs: fetch ${per(times.fetch)} (${((rounds / BLOCKS) * 2).toFixed(1)} rounds a block), execute ${per(times.execute)}, write ${per(times.write)}; ` +
      `${(((await folderBytes(folder)) - bytesBefore) / executed).toFixed(0)} bytes on disk a transaction; founded in ${(founded / 1000).toFixed(1)} s, restarted in ${restarted.toFixed(0)} ms; resident ${(resident.bytes / 1e6).toFixed(0)} MB, rss ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB; ${(performance.now() - from).toFixed(0)} ms`,
  );
  await store.close();
  void accountIn;
  void present;
  await rm(folder, { recursive: true, force: true });
}

installNodeSha256();
for (const count of process.argv.slice(2).map(Number)) await measure(count);
