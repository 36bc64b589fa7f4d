/** Namespaces over HTTP: as of a height or a time, over a real chain. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  counterSchema,
  entriesSchema,
  entrySchema,
  historySchema,
  memberSchema,
  membersSchema,
  namespaceSchema,
} from '../../src/api/data.ts';
import { entriesPath, keyPath, namespacePath } from '../../src/api/routes.ts';
import type { Address } from '../../src/base/brand.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { PAGES_AT_ONCE } from '../../src/rpc/limits.ts';
import type { ReadableState } from '../../src/rpc/readable-state.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { dataChain, KEYS, OLDEST, TOP } from '../node/state/data-chain.ts';
import { BLOCK_MS, type LongChain } from '../node/state/long-chain.ts';
import { type Harness, start, until } from './harness.ts';
import { PREFIX } from './memory-gateway.ts';

let chain: LongChain;
let owner: Address;
let writer: Address;

beforeAll(async () => {
  ({ chain, owner, writer } = await dataChain(new MemoryStore()));
});

async function started(options: Parameters<typeof start>[0] = {}): Promise<Harness> {
  const harness = await start(options);
  harness.gateway.state = chain.reader();
  return harness;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const docs = (key: string) => ({ namespace: 'docs', key });

describe('a namespace', () => {
  it('is told with its owner and writers, as they were after a block', async () => {
    await using harness = await started();
    const { json, status } = await harness.ask(namespacePath('docs'));
    expect(status).toBe(200);
    expect(namespaceSchema.parse(json())).toEqual({
      name: 'docs',
      owner: formatAddress(owner, PREFIX),
      writers: [formatAddress(writer, PREFIX)],
      deposit: '0',
      height: TOP,
      timestampMs: chain.genesis.timestampMs + TOP * BLOCK_MS,
      stateRoot: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('that is not there is told as none, and that is proved', async () => {
    await using harness = await started();
    const told = namespaceSchema.parse((await harness.ask(namespacePath('nowhere', { proof: true }))).json());
    expect(told).toMatchObject({ name: 'nowhere', owner: null, writers: [], height: TOP });
    expect(told.proof?.headers[0]?.stateRoot).toBe(told.stateRoot);
  });
});

describe('an entry', () => {
  it.each([
    [TOP, 'third', '5:0'],
    [5, 'third', '5:0'],
    [4, 'second', '4:1'],
    [OLDEST, 'first', '2:0'],
  ])('is told as it was after block %i', async (height, value, version) => {
    await using harness = await started();
    const told = entrySchema.parse((await harness.ask(keyPath('entry', docs('a'), { height }))).json());
    expect(told).toMatchObject({ namespace: 'docs', key: 'a', value: base64(value), version, height, deposit: '0' });
    expect(told).not.toHaveProperty('proof');
    for (const field of ['lease', 'valueVersion']) expect(told).not.toHaveProperty(field);
  });

  it('that was leased after its value was put says who wrote the value', async () => {
    await using harness = await started();
    const told = async (query: object) =>
      entrySchema.parse((await harness.ask(keyPath('entry', docs('renewed'), { ...query }))).json());
    expect(await told({})).toMatchObject({ value: base64('kept'), version: '7:0', valueVersion: '6:3' });
    const before = await told({ height: 6 });
    expect(before).toMatchObject({ value: base64('kept'), version: '6:3' });
    expect(before).not.toHaveProperty('valueVersion');
  });

  it('that was deleted has no value, with status 200', async () => {
    await using harness = await started();
    const { status, json } = await harness.ask(keyPath('entry', docs('gone'), { proof: true }));
    expect(status).toBe(200);
    const told = entrySchema.parse(json());
    expect(told).toMatchObject({ value: null, version: null, height: TOP });
    expect(told.proof?.certificate.height).toBe(TOP);
  });

  it('is told as it was at a time', async () => {
    await using harness = await started();
    const time = chain.genesis.timestampMs + 4 * BLOCK_MS + 1;
    const told = entrySchema.parse((await harness.ask(keyPath('entry', docs('a'), { time, proof: true }))).json());
    expect(told).toMatchObject({ value: base64('second'), height: 4 });
    expect(told.proof?.headers.map(({ height }) => height)).toEqual([4, 5]);
  });

  it('has its lease', async () => {
    await using harness = await started();
    const told = entrySchema.parse((await harness.ask(keyPath('entry', docs('leased')))).json());
    expect(told).toMatchObject({ value: '', lease: { owner: formatAddress(writer, PREFIX), until: 100 } });
  });

  it.each(KEYS)('is found under the key %j', async (key) => {
    await using harness = await started();
    const { status, json } = await harness.ask(keyPath('entry', docs(key)));
    expect(status).toBe(200);
    expect(entrySchema.parse(json())).toMatchObject({ key, value: base64(`under ${key}`) });
  });

  it('is found where slashes of its key stand in the path as they are', async () => {
    await using harness = await started();
    const { json } = await harness.ask('/v1/namespaces/docs/keys/a/b/history');
    expect(entrySchema.parse(json())).toMatchObject({ key: 'a/b/history', value: base64('under a/b/history') });
  });
});

describe('a list', () => {
  async function pages(harness: Harness, query: Parameters<typeof entriesPath>[1]): Promise<string[][]> {
    const found: string[][] = [];
    for (let after: string | null = ''; after !== null; ) {
      const place = after === '' ? query : { limit: query?.['limit'], prefix: query?.['prefix'], after };
      const page = entriesSchema.parse((await harness.ask(entriesPath('docs', place))).json());
      found.push(page.entries.map(({ key }) => key));
      after = page.next;
    }
    return found;
  }

  it('has all entries in the order of their keys, in pages', async () => {
    await using harness = await started();
    const all = ['a', 'leased', 'new', 'renewed', ...KEYS].sort();
    expect(await pages(harness, { limit: 3 })).toEqual(
      Array.from({ length: Math.ceil(all.length / 3) }, (_, page) => all.slice(3 * page, 3 * page + 3)),
    );
    expect((await pages(harness, {})).flat()).toEqual(all);
  });

  it('keeps to a prefix', async () => {
    await using harness = await started();
    expect((await pages(harness, { prefix: 'a/' })).flat()).toEqual(KEYS.filter((key) => key.startsWith('a/')).sort());
  });

  it('goes on in the state of the height with which it began', async () => {
    await using harness = await started();
    const old = await pages(harness, { height: OLDEST, limit: 4 });
    expect(old.flat()).toEqual(['a', 'gone', ...KEYS].sort());
    const [first] = old;
    expect(first).toHaveLength(4);
  });

  it('has values, versions and leases', async () => {
    await using harness = await started();
    const page = entriesSchema.parse((await harness.ask(entriesPath('docs', { prefix: 'leased' }))).json());
    expect(page).toEqual({
      namespace: 'docs',
      height: TOP,
      entries: [
        {
          key: 'leased',
          value: '',
          version: '6:0',
          deposit: '0',
          lease: { owner: formatAddress(writer, PREFIX), until: 100 },
        },
      ],
      next: null,
    });
  });

  it('of a namespace that is not there is empty', async () => {
    await using harness = await started();
    expect((await harness.ask(entriesPath('nowhere'))).json()).toMatchObject({ entries: [], next: null });
  });

  it('waits while too many are being made, and an entry does not', async () => {
    await using harness = await started();
    const { state } = harness.gateway;
    const begun: (() => void)[] = [];
    const list: ReadableState['list'] = async (range, at) => {
      await new Promise<void>((resolve) => void begun.push(resolve));
      return state.list(range, at);
    };
    harness.gateway.state = { read: state.read.bind(state), history: state.history.bind(state), list };
    const answers = Array.from({ length: PAGES_AT_ONCE + 1 }, () => harness.ask(entriesPath('docs')));
    await until(() => begun.length === PAGES_AT_ONCE);
    expect((await harness.ask(keyPath('entry', docs('a')))).status).toBe(200);
    expect(begun).toHaveLength(PAGES_AT_ONCE);
    begun[0]?.();
    await until(() => begun.length === PAGES_AT_ONCE + 1);
    for (const go of begun) go();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  });

  it.each([entriesPath('docs'), keyPath('entry', docs('a')), keyPath('history', docs('a'))])(
    '%s is refused where too many bytes wait to be read already',
    async (path) => {
      await using harness = await started({ limits: { longAnswerBytesMax: -1 } });
      expect((await harness.ask(path)).json()).toMatchObject({ status: 503, code: 'TOO_BUSY' });
    },
  );

  it('makes room for others once it was read', async () => {
    await using harness = await started({ limits: { longAnswerBytesMax: 0 } });
    for (let i = 0; i < 3; i++) {
      const asked = async (): Promise<number> => (await harness.ask(entriesPath('docs'))).status;
      await vi.waitUntil(async () => (await asked()) === 200, { timeout: 10_000, interval: 5 });
    }
  });
});

describe('a history', () => {
  it('has each version that is kept, the oldest first, in pages', async () => {
    await using harness = await started();
    const versions: unknown[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const query = after === '' ? { limit: 2 } : { limit: 2, after };
      const page = historySchema.parse((await harness.ask(keyPath('history', docs('a'), query))).json());
      expect(page).toMatchObject({ namespace: 'docs', key: 'a', height: TOP });
      versions.push(...page.versions.map(({ height, version, value }) => [height, version, value]));
      after = page.next;
    }
    expect(versions).toEqual([
      [2, '2:0', base64('first')],
      [4, '4:1', base64('second')],
      [5, '5:0', base64('third')],
    ]);
  });

  it('tells that an entry was deleted', async () => {
    await using harness = await started();
    const { versions } = historySchema.parse((await harness.ask(keyPath('history', docs('gone')))).json());
    expect(versions.map(({ height, version, value }) => [height, version, value])).toEqual([
      [2, '2:1', base64('soon')],
      [6, null, null],
    ]);
  });

  it('of what never was is empty', async () => {
    await using harness = await started();
    expect((await harness.ask(keyPath('history', docs('never')))).json()).toMatchObject({ versions: [], next: null });
  });
});

describe('a counter', () => {
  it.each([
    ['hits', OLDEST, '0'],
    ['hits', 4, '7'],
    ['hits', TOP, '5'],
    ['never', TOP, '0'],
  ])('%s after block %i stands at %s', async (key, height, value) => {
    await using harness = await started();
    const told = counterSchema.parse(
      (await harness.ask(keyPath('counter', docs(key), { height, proof: true }))).json(),
    );
    expect(told).toMatchObject({ namespace: 'docs', key, value, height, proof: { headers: [{ height }] } });
  });
});

describe('a set', () => {
  it.each([
    ['red', 4, true],
    ['red', TOP, false],
    ['green/2', TOP, true],
    ['blue', TOP, false],
  ])('is told to have %s after block %i: %s', async (member, height, present) => {
    await using harness = await started();
    const { json } = await harness.ask(keyPath('set', docs('colours'), { member, height, proof: true }));
    expect(memberSchema.parse(json())).toMatchObject({ member, present, height, proof: { headers: [{ height }] } });
  });

  it('is listed in pages', async () => {
    await using harness = await started();
    const first = membersSchema.parse((await harness.ask(keyPath('set', docs('colours'), { limit: 1 }))).json());
    expect(first).toMatchObject({ namespace: 'docs', key: 'colours', height: TOP, members: ['green/2'] });
    const after = first.next ?? '';
    const second = membersSchema.parse(
      (await harness.ask(keyPath('set', docs('colours'), { limit: 9, after }))).json(),
    );
    expect(second).toMatchObject({ members: ['yellow'], next: null });
    const { json } = await harness.ask(keyPath('set', docs('colours'), { prefix: 'y' }));
    expect(membersSchema.parse(json()).members).toEqual(['yellow']);
  });
});

describe('a question that is none', () => {
  const entry = '/v1/namespaces/docs/keys/a';
  const list = '/v1/namespaces/docs/keys';
  const history = '/v1/namespaces/docs/history/a';
  const set = '/v1/namespaces/docs/sets/colours';
  it.each([
    ['/v1/namespaces/Docs', 400, 'BAD_NAMESPACE'],
    [`/v1/namespaces/${'d'.repeat(33)}`, 400, 'BAD_NAMESPACE'],
    ['/v1/namespaces/a%2Fb', 400, 'BAD_NAMESPACE'],
    ['/v1/namespaces/-a/keys/a', 400, 'BAD_NAMESPACE'],
    ['/v1/namespaces/docs/keys/', 400, 'BAD_KEY'],
    ['/v1/namespaces/docs/keys/a%20b', 400, 'BAD_KEY'],
    ['/v1/namespaces/docs/keys/%C3%A9', 400, 'BAD_KEY'],
    [`/v1/namespaces/docs/keys/${'k'.repeat(129)}`, 400, 'BAD_KEY'],
    ['/v1/namespaces/docs/keys/%zz', 400, 'BAD_REQUEST'],
    ['/v1/namespaces/docs/nothing', 404, 'NOT_FOUND'],
    [`${entry}?hight=3`, 400, 'BAD_REQUEST'],
    [`${entry}?height=-3`, 400, 'BAD_HEIGHT'],
    [`${entry}?height=3&time=1`, 400, 'BAD_REQUEST'],
    [`${entry}?height=${TOP + 1}`, 404, 'HEIGHT_UNKNOWN'],
    [`${entry}?height=1`, 410, 'HEIGHT_PRUNED'],
    [`${list}?height=1`, 410, 'HEIGHT_PRUNED'],
    [`${list}?proof=true`, 400, 'BAD_REQUEST'],
    [`${list}?limit=0`, 400, 'BAD_REQUEST'],
    [`${list}?limit=1001`, 400, 'BAD_REQUEST'],
    [`${list}?limit=1e2`, 400, 'BAD_REQUEST'],
    [`${list}?prefix=a%20b`, 400, 'BAD_KEY'],
    [`${list}?after=7`, 400, 'BAD_CURSOR'],
    [`${list}?after=7:`, 400, 'BAD_CURSOR'],
    [`${list}?after=1:docs/a`, 410, 'HEIGHT_PRUNED'],
    [`${list}?after=${TOP}:docs/a&height=${TOP}`, 400, 'BAD_REQUEST'],
    [`${history}?after=${TOP}:docs/a`, 400, 'BAD_CURSOR'],
    [`${history}?after=3:${TOP}`, 404, 'HEIGHT_UNKNOWN'],
    [`${history}?height=3`, 400, 'BAD_REQUEST'],
    [`${set}?member=a%20b`, 400, 'BAD_KEY'],
    [`${set}?member=..`, 400, 'BAD_KEY'],
    [`${set}?member=a&member=b`, 400, 'BAD_REQUEST'],
    [`${set}?member=a&limit=3`, 400, 'BAD_REQUEST'],
  ])('%s is refused with %i %s', async (path, status, code) => {
    await using harness = await started();
    const answer = await harness.ask(path);
    expect({ status: answer.status, ...(answer.json() as object) }).toMatchObject({ status, code });
    if (code === 'HEIGHT_PRUNED') expect(answer.json()).toMatchObject({ oldestHeight: OLDEST });
  });

  it.each([entry, list, history, set, '/v1/namespaces/docs'])('DELETE %s is no method', async (path) => {
    await using harness = await started();
    const { status, headers } = await harness.ask(path, { method: 'DELETE' });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('never shows another namespace, whatever the cursor says', async () => {
    await using harness = await started();
    for (const from of ['aaa/a', 'docs', 'docs/', 'docs0/a', 'zzz/a']) {
      const page = entriesSchema.parse((await harness.ask(entriesPath('docs', { after: `${TOP}:${from}` }))).json());
      for (const { key, value } of page.entries) expect([key, value]).not.toContain(base64('other'));
    }
  });
});
