/** What a body makes a node read and write where long values stand under its keys: nothing of these. */
import type { Height } from '../../src/base/brand.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { invariant } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { StoreOperation } from '../../src/driver/ports.ts';
import { STATE_CACHE } from '../../src/driver/state/limits.ts';
import { ResidentState } from '../../src/driver/state/resident-state.ts';
import { StateFetching } from '../../src/driver/state/state-fetching.ts';
import { stateWrites } from '../../src/driver/state/state-writes.ts';
import { isValue } from '../../src/driver/stored/records.ts';
import { execute } from '../../src/ledger/execute.ts';
import { OPERATIONS_MAX, VALUE_BYTES_MAX } from '../../src/ledger/limits.ts';
import { advance, genesisBlock } from '../../src/ledger/state/ledger-state.ts';
import { keysTouched } from '../../src/ledger/touched.ts';
import type { Operation } from '../../src/ledger/transaction.ts';
import { weightOf } from '../../src/ledger/weight.ts';
import { bodyOf } from '../ledger/network.ts';
import {
  ABSENT,
  ANY,
  createNamespace,
  Ledger,
  lease,
  NAMESPACE,
  put,
  release,
  remove,
} from '../ledger/operations/kit.ts';

installNodeSha256();

/** As many as a body has room for. */
const KEYS = Array.from({ length: 121 * OPERATIONS_MAX }, (_, number) => `k${number}`);
const LONG = new Uint8Array(VALUE_BYTES_MAX).fill(7);
/** What an entry, what it was, and its share of the tree may take, with room to spare. */
const BYTES_PER_KEY = 1_024;

const putLong = (key: string): Operation => ({ kind: 'put', namespace: NAMESPACE, key, value: LONG, condition: ANY });

const inLists = (operations: readonly Operation[], each: number): (readonly Operation[])[] =>
  Array.from({ length: Math.ceil(operations.length / each) }, (_, list) =>
    operations.slice(each * list, each * list + each),
  );

/** A ledger in memory, and what a store has of it. */
class Stored {
  readonly ledger = new Ledger({ newEntriesMax: KEYS.length });
  readonly records = new Map<string, Uint8Array>();

  constructor() {
    this.write(stateWrites(genesisBlock(this.ledger.genesis).delta, false));
    this.append([[createNamespace()]]);
    for (let from = 0; from < KEYS.length; from += 256)
      this.append(inLists(KEYS.slice(from, from + 256).map(putLong), 2));
  }

  write(operations: Iterable<StoreOperation>): void {
    for (const operation of operations) {
      // All values are the same, and one copy of them is enough.
      if (operation.kind === 'delete') this.records.delete(operation.key);
      else this.records.set(operation.key, isValue(operation.key) ? LONG : operation.value);
    }
  }

  append(lists: readonly (readonly Operation[])[]): void {
    const block = this.ledger.execute(lists.map((operations) => [this.ledger.alice, operations] as const));
    const receipts = block.record.receipts.filter(({ code }) => code === 'OK');
    invariant(receipts.length === lists.length, 'all of them succeed', { skipped: block.skipped.length });
    advance(this.ledger.state, block);
    this.write(stateWrites(block.delta, true));
  }

  /** Executes a body after a restart, with nothing of the state in memory: what it read and wrote, and the codes of its receipts. */
  executeAfresh(lists: readonly (readonly Operation[])[]) {
    const { alice, state, genesis } = this.ledger;
    const { height, stateRoot } = state.head.header;
    const transactions = this.ledger.prepare(lists.map((operations) => [alice, operations] as const));
    const weight = transactions.reduce((sum, { signed }) => sum + weightOf(signed.transaction), 0);
    invariant(weight <= genesis.ledger.blockWeightMax, 'a body has room for them', { weight });
    const source = new ResidentState({ version: height, root: stateRoot }, STATE_CACHE);
    const read: string[] = [];
    let bytesRead = 0;
    const fetching = new StateFetching({
      resident: source,
      input: (run) => run(),
      store: {
        read: (keys, done) => {
          const values = keys.map((key) => this.records.get(key));
          read.push(...keys);
          for (const value of values) bytesRead += value?.length ?? 0;
          done(values);
        },
      },
    });
    const body = bodyOf(transactions);
    while (!fetching.isReady(() => keysTouched(state.epochs, (height + 1) as Height, body, transactions)))
      fetching.flush();
    const block = execute({ ...state, source }, body, transactions);
    invariant(block.hash === execute(state, body, transactions).hash, 'the block is that of a state in memory');
    const written = [...stateWrites(block.delta, true)];
    const bytesWritten = written.reduce((sum, each) => sum + (each.kind === 'put' ? each.value.length : 0), 0);
    const codes = [...new Set(block.record.receipts.map(({ code }) => code))];
    return { read, bytesRead, written, bytesWritten, codes };
  }
}

describe('a body that names 1,936 keys with values of 64 KiB', () => {
  let stored: Stored;
  beforeAll(() => {
    stored = new Stored();
  }, 60_000);

  const until = (): number => stored.ledger.height + 100;
  test.each<[string, string, (key: string) => Operation]>([
    ['leases', 'OK', (key) => lease(key, until())],
    ['puts of short values', 'OK', (key) => put(key, '')],
    ['puts whose condition fails', 'CONDITION_FAILED', (key) => put(key, '', ABSENT)],
    ['deletes', 'OK', (key) => remove(key)],
    ['requires', 'OK', (key) => ({ kind: 'require', namespace: NAMESPACE, key, condition: ANY })],
    ['releases of no lease', 'NO_LEASE', (key) => release(key)],
  ])('reads and rewrites none of them: %s', (_, code, operation) => {
    const { read, bytesRead, written, bytesWritten, codes } = stored.executeAfresh(
      inLists(KEYS.map(operation), OPERATIONS_MAX),
    );
    expect(codes).toEqual([code]);
    expect(read.filter(isValue)).toEqual([]);
    expect(bytesRead).toBeLessThan(BYTES_PER_KEY * KEYS.length);
    expect(bytesWritten).toBeLessThan(BYTES_PER_KEY * KEYS.length);
    for (const each of written)
      if (isValue(each.key)) expect(each).toMatchObject({ kind: 'put', value: new Uint8Array() });
  });

  test('is weighed by what it carries, so that one which writes such values has few of them', () => {
    const weight = weightOf({ operations: [putLong('k')] });
    const { blockWeightMax } = stored.ledger.genesis.ledger;
    expect(Math.floor(blockWeightMax / weight) * VALUE_BYTES_MAX).toBeLessThan(1024 * 1024);
  });
});
