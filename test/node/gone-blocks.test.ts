/** Watching at a node whose store lacks blocks: from its disk to what a client is told. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { height } from '../../src/base/brand.ts';
import { Client } from '../../src/client/client.ts';
import type { StoreOperation } from '../../src/driver/ports.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { blockRecordCodec, fullBodyCodec } from '../../src/ledger/block.ts';
import { Outcomes } from '../../src/node/outcomes.ts';
import { Reader } from '../../src/node/reader.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { createNamespace, put } from '../ledger/operations/kit.ts';
import { DataChain } from '../rpc/data-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';

const VALUES = ['one', 'two', 'three', 'four', 'five'];

let node: Harness;
let store: MemoryStore;
const write = (batch: readonly StoreOperation[]): Promise<void> =>
  new Promise((resolve) => store.write(batch, () => resolve()));

beforeEach(async () => {
  node = await start();
  store = new MemoryStore();
  const chain = new DataChain();
  const { alice } = chain.ledger;
  chain.append([alice, [createNamespace()]]);
  for (const value of VALUES) chain.append([alice, [put('k', value)]]);
  for (const { record, body } of chain.blocks) {
    const { height: at, bodyHash } = record.header;
    await write([
      { kind: 'put', key: KEYS.block(at), value: blockRecordCodec.encode(record) },
      { kind: 'put', key: KEYS.body(at, bodyHash), value: fullBodyCodec.encode(body) },
    ]);
  }
  const { gateway } = node;
  for (const block of chain.blocks) gateway.publish(block);
  const view = { finalHeight: () => height(chain.blocks.length), isPending: () => false };
  const reader = new Reader(store, view, new Outcomes());
  gateway.block = (at) => reader.block(at);
  gateway.blockWith = (at, traces) => reader.blockWith(at, traces);
  gateway.nextHeight = (from) => reader.nextHeight(from);
});
afterEach(() => node[Symbol.asyncDispose]());

test.each([
  [[], '0:0', ['1:0 ', '2:0 one', '3:0 two', '4:0 three', '5:0 four', '6:0 five']],
  [[1, 2, 3], '0:0', ['3:8192 goes on at 4', '4:0 three', '5:0 four', '6:0 five']],
  [[1, 2, 3], '2:0', ['3:8192 goes on at 4', '4:0 three', '5:0 four', '6:0 five']],
  [[1, 2, 3], '3:8192', ['4:0 three', '5:0 four', '6:0 five']],
  [[3, 4], '0:0', ['1:0 ', '2:0 one', '4:8192 goes on at 5', '5:0 four', '6:0 five']],
])('without the blocks %j, whoever goes on after %s is told %j', async (gone, from, wanted) => {
  for (const at of gone) await write([{ kind: 'delete', key: KEYS.block(height(at)) }]);
  const told: string[] = [];
  for await (const event of new Client({ urls: [node.url] }).watch({ namespace: 'docs', from })) {
    if (event.kind === 'pruned') told.push(`${event.id} goes on at ${event.nextHeight}`);
    for (const change of event.kind === 'transaction' ? (event.transaction.changes ?? []) : [])
      told.push(`${event.id} ${change.kind === 'put' ? Buffer.from(change.value, 'base64').toString() : ''}`);
    if (told.length === wanted.length) break;
  }
  expect(told).toEqual(wanted);
});
