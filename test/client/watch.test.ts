import { describe, expect, it } from 'vitest';
import { Client, type WatchEvent } from '../../src/client/client.ts';
import { put } from '../ledger/operations/kit.ts';
import { createNamespace } from '../ledger/operations/kit.ts';
import { DataChain } from '../rpc/data-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { FakeNode, type Handler, hangUp } from './server.ts';

/** A block for each value that is put into `docs`, after the one that makes it. */
function chainOf(...values: readonly string[]): DataChain {
  const chain = new DataChain();
  const { alice } = chain.ledger;
  chain.append([alice, [createNamespace()]]);
  for (const value of values) chain.append([alice, [put('k', value)]]);
  return chain;
}

/** A node that has only these blocks of the chain. */
async function nodeWith(chain: DataChain, heights: readonly number[]): Promise<Harness> {
  const harness = await start();
  for (const block of chain.blocks) harness.gateway.publish(block);
  for (const height of [...harness.gateway.blocks.keys()])
    if (!heights.includes(height)) harness.gateway.blocks.delete(height);
  return harness;
}

async function take(events: AsyncIterable<WatchEvent>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const event of events) {
    taken.push(`${event.kind} ${event.id}`);
    if (taken.length === count) break;
  }
  return taken;
}

describe('watching', () => {
  it('asks for transactions alone, and for what is watched', async () => {
    await using node = new FakeNode((_, response) => void response.writeHead(400).end('{}'));
    const client = new Client({ urls: [await node.start()] });
    await expect(
      take(client.watch({ namespace: 'docs', prefix: 'a/&', account: 'tre1x', from: '3:1' }), 1),
    ).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
    expect(node.received.map(({ path, headers }) => [path, headers['last-event-id']])).toEqual([
      ['/v1/events?namespace=docs&prefix=a%2F%26&account=tre1x&types=transaction', '3:1'],
    ]);
  });

  it('begins with now where no place is given', async () => {
    const chain = chainOf('one');
    await using node = await nodeWith(chain, [1, 2]);
    const watched = new Client({ urls: [node.url] }).watch({ namespace: 'docs' });
    const first = watched.next();
    // Whatever is final once it has asked for the status is told.
    const timer = setInterval(() => node.gateway.publish(chain.append([chain.ledger.alice, [put('k', 'two')]])), 20);
    const { value } = await first;
    clearInterval(timer);
    await watched.return();
    expect(value).toMatchObject({ kind: 'transaction', transaction: { changes: [{ value: 'dHdv' }] } });
  });

  it('tells how far it is while nothing comes', async () => {
    await using node = await start({ limits: { heartbeatMs: 5 } });
    const chain = chainOf('one');
    for (const block of chain.blocks) node.gateway.publish(block);
    const client = new Client({ urls: [node.url] });
    for await (const event of client.watch({ namespace: 'elsewhere', from: '0:0' })) {
      expect(event).toMatchObject({ kind: 'progress', newestHeight: 2 });
      break;
    }
  });
});

describe('blocks that a node does not have any more', () => {
  const chain = chainOf('one', 'two', 'three', 'four');

  it('come from another that has them', async () => {
    await using pruned = await nodeWith(chain, [4, 5]);
    await using whole = await nodeWith(chain, [1, 2, 3, 4, 5]);
    const client = new Client({ urls: [pruned.url, whole.url] });
    expect(await take(client.watch({ namespace: 'docs', from: '1:0' }), 4)).toEqual([
      'transaction 2:0',
      'transaction 3:0',
      'transaction 4:0',
      'transaction 5:0',
    ]);
  });

  it.each([
    [
      [4, 5],
      [3, 4, 5],
    ],
    [
      [3, 4, 5],
      [4, 5],
    ],
  ])('are told to be gone where no node has them, %j and %j, and those come that any has', async (first, second) => {
    await using one = await nodeWith(chain, first);
    await using two = await nodeWith(chain, second);
    const client = new Client({ urls: [one.url, two.url] });
    const wanted = ['pruned 2:8192', 'transaction 3:0', 'transaction 4:0', 'transaction 5:0'];
    expect(await take(client.watch({ namespace: 'docs', from: '1:0' }), 4)).toEqual(wanted);
    // Whoever goes on there is not told again.
    expect(await take(client.watch({ namespace: 'docs', from: '2:8192' }), 3)).toEqual(wanted.slice(1));
  });

  it.each<[string, readonly Handler[]]>([
    ['others do not answer', [hangUp]],
    ['there is no other', []],
  ])('are told to be gone where %s', async (_, others) => {
    await using one = await nodeWith(chain, [4, 5]);
    await using other = new FakeNode(...others);
    const client = new Client({ urls: others.length === 0 ? [one.url] : [one.url, await other.start()] });
    const told = await take(client.watch({ namespace: 'docs', from: '1:0' }), 2);
    expect(told).toEqual(['pruned 3:8192', 'transaction 4:0']);
  });
});
