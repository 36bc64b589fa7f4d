/** Data that a node has to prove: over HTTP from a node that is honest, and from nodes that lie. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyPath, namespacePath } from '../../src/api/routes.ts';
import { present } from '../../src/base/invariant.ts';
import type { Address } from '../../src/base/brand.ts';
import { Client } from '../../src/client/client.ts';
import { verifyCounter, verifyEntry, verifyMember, verifyNamespace } from '../../src/client/data-values.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { dataChain, KEYS, OLDEST, TOP } from '../node/state/data-chain.ts';
import { BLOCK_MS, type LongChain } from '../node/state/long-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { FakeNode, json } from './server.ts';

let chain: LongChain;
let owner: Address;
let honest: Harness;
let client: Client;

beforeAll(async () => {
  ({ chain, owner } = await dataChain(new MemoryStore()));
  honest = await start();
  honest.gateway.state = chain.reader();
  client = clientOf(honest.url);
});
afterAll(() => honest[Symbol.asyncDispose]());

const clientOf = (url: string): Client => new Client({ urls: [url], genesis: chain.genesis, rounds: 1 });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const docs = (key: string) => ({ namespace: 'docs', key });

async function all<T>(pages: AsyncIterable<{ readonly items: readonly T[]; readonly height: number }>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) items.push(...page.items);
  return items;
}

describe('a client with a genesis', () => {
  it.each([
    [OLDEST, 'first', '2:0'],
    [4, 'second', '4:1'],
    [TOP, 'third', '5:0'],
  ])('believes what a node proves of an entry after block %i', async (height, value, version) => {
    const told = await client.data.entry('docs', 'a', { height, proof: true });
    expect(told).toMatchObject({ value: bytes(value), version, height });
    expect(verifyEntry(chain.genesis, told)).toMatchObject({ ok: true, value: { height } });
  });

  it.each(KEYS)('finds and believes the key %j', async (key) => {
    expect((await client.data.entry('docs', key, { proof: true })).value).toEqual(bytes(`under ${key}`));
  });

  it('believes that something is not there', async () => {
    expect(await client.data.entry('docs', 'gone', { proof: true })).toMatchObject({ value: null, version: null });
    expect(await client.data.namespace('nowhere', { proof: true })).toMatchObject({ owner: null, writers: [] });
    expect(await client.data.counter('docs', 'never', { proof: true })).toMatchObject({ value: 0n });
    const red = { ...docs('colours'), member: 'red' };
    expect(await client.data.member(red, { proof: true })).toMatchObject({ present: false });
  });

  it('believes leases, namespaces, counters and members', async () => {
    const leased = await client.data.entry('docs', 'leased', { proof: true });
    expect(leased).toMatchObject({ value: new Uint8Array(0), lease: { until: 100 } });
    const renewed = await client.data.entry('docs', 'renewed', { proof: true });
    expect(renewed).toMatchObject({ value: bytes('kept'), version: '7:0', valueVersion: '6:3' });
    expect(verifyEntry(chain.genesis, renewed)).toMatchObject({ ok: true });
    const namespace = await client.data.namespace('docs', { proof: true });
    expect(namespace.owner).toBe(formatAddress(owner, 'tre'));
    expect(verifyNamespace(chain.genesis, namespace)).toMatchObject({ ok: true });
    const counter = await client.data.counter('docs', 'hits', { proof: true, height: 4 });
    expect(counter.value).toBe(7n);
    expect(verifyCounter(chain.genesis, counter)).toMatchObject({ ok: true });
    const member = await client.data.member({ ...docs('colours'), member: 'green/2' }, { proof: true });
    expect(member.present).toBe(true);
    expect(verifyMember(chain.genesis, member)).toMatchObject({ ok: true });
  });

  it('reads as of a time, and knows that no later block is before it', async () => {
    const time = new Date(chain.genesis.timestampMs + 4 * BLOCK_MS + 1);
    expect(await client.data.entry('docs', 'a', { time, proof: true })).toMatchObject({ height: 4 });
  });

  it('reads lists page by page, all of one height', async () => {
    const keys = [...KEYS, 'a', 'gone'].sort();
    const pages = client.data.entries('docs', { height: OLDEST, pageLimit: 4 });
    expect((await all(pages)).map(({ key }) => key)).toEqual(keys);
    expect(await all(client.data.members('docs', 'colours', { pageLimit: 1 }))).toEqual(['green/2', 'yellow']);
    expect(await all(client.data.members('docs', 'colours', { prefix: 'g' }))).toEqual(['green/2']);
    const history = await all(client.data.history('docs', 'a', { pageLimit: 1 }));
    expect(history.map(({ height, value }) => [height, value])).toEqual([
      [2, bytes('first')],
      [4, bytes('second')],
      [5, bytes('third')],
    ]);
  });

  it.each(['', '.', '..'])('asks nobody for a key that no path can hold: %j', async (key) => {
    await using node = new FakeNode();
    const failing = clientOf(await node.start()).data.entry('docs', key);
    await expect(failing).rejects.toMatchObject({ code: 'BAD_KEY' });
    expect(node.received).toHaveLength(0);
  });
});

type Told = Record<string, unknown>;
type Lie = (told: Told) => Promise<Told> | Told;

const answerOf = async (path: string): Promise<Told> => (await honest.ask(path)).json() as Told;
const entryAt = (key: string, height: number): Promise<Told> =>
  answerOf(keyPath('entry', docs(key), { height, proof: true }));
const proofOf = async (key: string, height: number) => ({ proof: (await entryAt(key, height))['proof'] });

const without = (told: Told, name: string): Told =>
  Object.fromEntries(Object.entries(told).filter(([field]) => field !== name));

const lies: readonly (readonly [string, string, Lie])[] = [
  ['another value', 'WRONG_STATE', (told) => ({ ...told, value: 'bGll' })],
  ['another version', 'WRONG_STATE', (told) => ({ ...told, version: '4:0' })],
  ['another version of the value', 'WRONG_STATE', (told) => ({ ...told, valueVersion: '4:1' })],
  ['a longer value', 'WRONG_STATE', (told) => ({ ...told, value: Buffer.from('third\0').toString('base64') })],
  ['another deposit', 'WRONG_STATE', (told) => ({ ...told, deposit: '1' })],
  ['a lease', 'WRONG_STATE', (told) => ({ ...told, lease: { owner: formatAddress(owner, 'tre'), until: 9 } })],
  ['a lease of nobody', 'MALFORMED', (told) => ({ ...told, lease: { owner: 'tre1qqqq', until: 9 } })],
  ['nothing', 'WRONG_STATE', (told) => ({ ...told, value: null, version: null })],
  ['a value without a version', 'MALFORMED', (told) => ({ ...told, version: null })],
  ['the proof of another key', 'WRONG_STATE', async (told) => ({ ...told, ...(await proofOf('new', TOP)) })],
  ['the proof of another height', 'WRONG_STATE', async (told) => ({ ...told, ...(await proofOf('a', 4)) })],
  ['no proof', 'NO_PROOF', (told) => without(told, 'proof')],
  ['another root', 'WRONG_BLOCK', (told) => ({ ...told, stateRoot: '00'.repeat(32) })],
  ['another key', 'BAD_RESPONSE', () => entryAt('new', TOP)],
  ['another namespace', 'BAD_RESPONSE', (told) => ({ ...told, namespace: 'docs0' })],
  ['another height', 'BAD_RESPONSE', () => entryAt('a', 6)],
  ['a value that is no base64', 'BAD_RESPONSE', (told) => ({ ...told, value: 'x' })],
];

describe('a node that lies', () => {
  it.each(lies)('with %s is caught: %s', async (_, code, lie) => {
    await using node = new FakeNode(json(200, await lie(await entryAt('a', TOP))));
    const failing = clientOf(await node.start()).data.entry('docs', 'a', { height: TOP, proof: true });
    const expected = code === 'BAD_RESPONSE' ? { code } : { code: 'BAD_PROOF', message: expect.stringContaining(code) };
    await expect(failing).rejects.toMatchObject(expected);
  });

  it.each([
    ['namespace', { owner: null, writers: [] }],
    ['namespace', { writers: [] }],
    ['counter', { value: '6' }],
    ['counter', { value: '0' }],
    ['member', { present: false }],
    ['member', { deposit: '1' }],
  ] as const)('about a %s with %j is caught', async (what, lie) => {
    const member = { ...docs('colours'), member: 'yellow' };
    const path = {
      namespace: namespacePath('docs', { proof: true }),
      counter: keyPath('counter', docs('hits'), { proof: true }),
      member: keyPath('set', member, { member: 'yellow', proof: true }),
    }[what];
    await using node = new FakeNode(json(200, { ...(await answerOf(path)), ...lie }));
    const { data } = clientOf(await node.start());
    const failing = {
      namespace: () => data.namespace('docs', { proof: true }),
      counter: () => data.counter('docs', 'hits', { proof: true }),
      member: () => data.member(member, { proof: true }),
    }[what]();
    await expect(failing).rejects.toMatchObject({ code: 'BAD_PROOF', message: expect.stringContaining('WRONG_STATE') });
  });

  const lease = { owner: 'tre1qqqq', until: 9 };
  it.each([
    ['entry', { version: '4:1' }, 'a version or a lease'],
    ['entry', { valueVersion: '4:1' }, 'a version or a lease'],
    ['entry', { lease }, 'a version or a lease'],
    ['entry', { deposit: '1' }, 'a deposit'],
    ['namespace', { writers: ['tre1qqqq'] }, 'writers'],
    ['namespace', { deposit: '1' }, 'a deposit'],
    ['counter', { deposit: '1' }, 'a deposit'],
    ['member', { deposit: '1' }, 'a deposit'],
  ] as const)('about an absent %s with %j is caught', async (what, lie, message) => {
    const never = { ...docs('never'), member: 'never' };
    const path = {
      entry: keyPath('entry', never, { proof: true }),
      namespace: namespacePath('nowhere', { proof: true }),
      counter: keyPath('counter', never, { proof: true }),
      member: keyPath('set', never, { member: 'never', proof: true }),
    }[what];
    await using node = new FakeNode(json(200, { ...(await answerOf(path)), ...lie }));
    const { data } = clientOf(await node.start());
    const failing = {
      entry: () => data.entry('docs', 'never', { proof: true }),
      namespace: () => data.namespace('nowhere', { proof: true }),
      counter: () => data.counter('docs', 'never', { proof: true }),
      member: () => data.member(never, { proof: true }),
    }[what]();
    const expected = expect.stringMatching(new RegExp(`MALFORMED.*${message}`));
    await expect(failing).rejects.toMatchObject({ code: 'BAD_PROOF', message: expected });
  });

  it.each([
    ['entries', { namespace: 'docs0' }],
    ['entries', { entries: [{ key: 'b', value: '', version: '1:0', deposit: '0' }] }],
    ['members', { namespace: 'docs0' }],
    ['members', { key: 'b' }],
    ['members', { members: ['a1', 'b'] }],
    ['history', { namespace: 'docs0' }],
    ['history', { key: 'b' }],
  ] as const)('whose %s are of something else, with %j, is caught', async (what, lie) => {
    const page = { namespace: 'docs', key: 'a', height: 7, entries: [], members: [], versions: [], next: null };
    await using node = new FakeNode(json(200, page), json(200, { ...page, ...lie }));
    const { data } = clientOf(await node.start());
    const list = {
      entries: () => all<unknown>(data.entries('docs', { prefix: 'a' })),
      members: () => all<unknown>(data.members('docs', 'a', { prefix: 'a' })),
      history: () => all<unknown>(data.history('docs', 'a')),
    }[what];
    expect(await list()).toEqual([]);
    await expect(list()).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  });

  it('whose list changes its height, or goes nowhere, is caught', async () => {
    const page = { namespace: 'docs', height: 7, entries: [], next: '7:docs/b' };
    await using changing = new FakeNode(json(200, page), json(200, { ...page, height: 8 }));
    await expect(all(clientOf(await changing.start()).data.entries('docs'))).rejects.toMatchObject({
      code: 'BAD_RESPONSE',
    });
    await using endless = new FakeNode(json(200, page));
    await expect(all(clientOf(await endless.start()).data.entries('docs'))).rejects.toMatchObject({
      code: 'BAD_RESPONSE',
    });
    expect(present(endless.received[1], 'a request').path).toBe('/v1/namespaces/docs/keys?after=7%3Adocs%2Fb');
  });
});
