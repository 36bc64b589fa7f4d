/** `node test/bench/costs.ts`: measures what src/driver/fairness/costs.ts is the price list of, on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex } from '../../src/codec/hex.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { COSTS } from '../../src/driver/fairness/costs.ts';
import type { SignatureCheck, StoreOperation } from '../../src/driver/ports.ts';
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { blockRecordCodec, bodyHash } from '../../src/ledger/block.ts';
import { execute } from '../../src/ledger/execute.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { identifyTransaction, signedMessage } from '../../src/ledger/transaction.ts';
import { startVerifier } from '../../src/node/verifier.ts';
import { openLevelStore } from '../../src/storage/level-store.ts';
import { makeAccounts } from './accounts.ts';
import { benchGenesis } from './network.ts';
import { bodyWith, messagesOf, transfersOf } from './samples.ts';
import { measureWire } from './wire-price.ts';
import { microsOf } from './stopwatch.ts';

const KIB = 1024;
const ACCOUNTS = 1_000;
/** Entries of the store that is measured, and what is read and written at a time. */
const ENTRIES = 20_000;
const BATCH = 500;
const LARGE_BYTES = 64 * KIB;

installNodeSha256();
const ed25519 = await selectEd25519();
const accounts = makeAccounts(ACCOUNTS, ed25519);
const { genesis } = benchGenesis(accounts.map(({ address }) => address));
const items = transfersOf(accounts, genesis.chainId);
const body = bodyWith(items);
const state = genesisState(genesis);

const lines: string[] = [];
const print = (name: string, micros: number): void => {
  lines.push(`${name.padEnd(28)} ${micros.toFixed(micros < 10 ? 2 : 1).padStart(8)}`);
};

async function measureMessages(): Promise<void> {
  const messages: Record<string, PeerMessage> = messagesOf(genesis, items);
  for (const [kind, message] of Object.entries(messages)) {
    const bytes = encodePeerMessage(message);
    if (!decodePeerMessage(bytes).ok) throw new Error(`${kind} cannot be decoded`);
    const kib = bytes.length / KIB;
    const decode = await microsOf(() => decodePeerMessage(bytes));
    const encode = await microsOf(() => encodePeerMessage(message));
    print(`decode ${kind}`, decode);
    print(`  a KiB of ${kib.toFixed(1)}`, decode / kib);
    print(`encode ${kind}, a KiB`, encode / kib);
  }
}

async function measureLedger(): Promise<void> {
  const [item] = items;
  if (item === undefined) throw new Error('no transaction');
  print('transaction', await microsOf(() => identifyTransaction(item.bytes)));
  print(
    `  a KiB of ${(item.bytes.length / KIB).toFixed(2)}`,
    (await microsOf(() => identifyTransaction(item.bytes))) / (item.bytes.length / KIB),
  );
  print('hash of a body, a transaction', (await microsOf(() => bodyHash(body))) / items.length);
  const block = execute(state, body, items);
  const record = blockRecordCodec.encode(block.record);
  print('execute, a transaction', (await microsOf(() => execute(state, body, items))) / items.length);
  print('execute, an empty block', await microsOf(() => execute(state, bodyWith([]), [])));
  print(
    'decode a block record, a KiB',
    (await microsOf(() => blockRecordCodec.decode(record))) / (record.length / KIB),
  );
  print(
    'encode a block record, a KiB',
    (await microsOf(() => blockRecordCodec.encode(block.record))) / (record.length / KIB),
  );
  print(
    'skip, a transaction',
    (await microsOf(() => execute(state, bodyWith(items.toReversed()), items.toReversed()))) / items.length,
  );
}

async function measureSignatures(): Promise<void> {
  const checks: SignatureCheck[] = items.slice(0, 1024).map((item) => ({
    publicKey: fromHex(item.signed.transaction.sender),
    message: signedMessage(item),
    signature: item.signed.signature,
  }));
  const [check] = checks;
  if (check === undefined) throw new Error('no signature');
  const secret = sha256(new Uint8Array(32));
  print('verify', await microsOf(() => ed25519.verify(check.publicKey, check.message, check.signature)));
  print('sign', await microsOf(() => ed25519.sign(secret, check.message)));
  const failed = (error: Error): never => {
    throw error;
  };
  const verifier = await startVerifier({ ed25519, workers: 1, failed });
  const inBulk = (): Promise<unknown> => new Promise((resolve) => verifier.checkBatch(checks, resolve));
  print('verify elsewhere', (await microsOf(inBulk)) / checks.length);
  await verifier.stop();
  const small = new Uint8Array(32);
  const large = new Uint8Array(LARGE_BYTES);
  print('hash', await microsOf(() => sha256(small)));
  print('hash, a KiB', (await microsOf(() => sha256(large))) / (LARGE_BYTES / KIB));
}

async function measureStore(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'trefoil-costs-'));
  const store = await openLevelStore(folder);
  try {
    const key = (i: number): string => `transaction/${i.toString(16).padStart(64, '0')}`;
    const put = (from: number, value: Uint8Array): StoreOperation[] =>
      Array.from({ length: BATCH }, (_, i) => ({ kind: 'put', key: key(from + i), value }));
    const write = (batch: readonly StoreOperation[]): Promise<unknown> =>
      new Promise((resolve) => store.write(batch, resolve));
    const read = (keys: readonly string[]): Promise<unknown> =>
      new Promise((resolve) => store.read(keys, (values) => resolve(values)));
    const value = new Uint8Array(16);
    for (let from = 0; from < ENTRIES; from += BATCH) await write(put(from, value));
    const batch = put(0, value);
    const keys = batch.map((operation) => operation.key);
    print('write, a batch of one', await microsOf(() => write(batch.slice(0, 1))));
    print('write, a key', (await microsOf(() => write(batch))) / BATCH);
    print('read, one key', await microsOf(() => read(keys.slice(0, 1))));
    print('read, a key', (await microsOf(() => read(keys))) / BATCH);
    const scan = (): Promise<unknown> =>
      new Promise((resolve) => store.scan({ from: key(0), to: key(ENTRIES), limit: BATCH }, resolve));
    print('scan, a key', (await microsOf(scan)) / BATCH);
    const large: StoreOperation = { kind: 'put', key: 'body/large', value: new Uint8Array(LARGE_BYTES * 16) };
    print('write, a KiB', (await microsOf(() => write([large]))) / (LARGE_BYTES / 64));
    print('read, a KiB', (await microsOf(() => read([large.key]))) / (LARGE_BYTES / 64));
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await measureMessages();
await measureLedger();
await measureSignatures();
await measureStore();
const wire = await measureWire();
print('message, alone', wire.alone);
print('message, among many', wire.message);
print('message, a KiB', wire.kib);
const list = JSON.stringify(COSTS, null, 2);
process.stdout.write(
  `Microseconds of this machine\n${lines.join('\n')}\n\nThe price list of src/driver/fairness/costs.ts\n${list}\n`,
);
