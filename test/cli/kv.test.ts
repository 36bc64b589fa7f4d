/** `trefoil kv` and `trefoil namespace`: what they ask a node for, what they sign, and what they say of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyPath } from '../../src/api/routes.ts';
import { type Address, height as toHeight, ZERO_HASH } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { EXIT } from '../../src/cli/output.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { VALUE_BYTES_MAX } from '../../src/ledger/limits.ts';
import { OPERATIONS } from '../../src/ledger/operations/table.ts';
import { signedTransactionCodec, transactionId, type SignedTransaction } from '../../src/ledger/transaction.ts';
import type { Receipt } from '../../src/ledger/block.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { FakeNode, json } from '../client/server.ts';
import { dataChain, KEYS, TOP } from '../node/state/data-chain.ts';
import { genesisText, type LongChain } from '../node/state/long-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { PREFIX } from '../rpc/memory-gateway.ts';
import { type Ran, run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-kv-'));
const genesisFile = join(folder, 'genesis.json');
const [alice, bob] = developmentNetwork(1).accounts.map(({ address }) => address) as [Address, Address];
let chain: LongChain;
let owner: Address;
let writer: Address;
let harness: Harness;
/** What was submitted, decoded. */
let submitted: SignedTransaction[] = [];
/** What becomes of it. */
let receipt: Pick<Receipt, 'code' | 'events'> = { code: 'OK', events: [] };

beforeAll(async () => {
  writeFileSync(genesisFile, genesisText());
  ({ chain, owner, writer } = await dataChain(new MemoryStore()));
  harness = await start();
  const { gateway } = harness;
  gateway.state = chain.reader();
  gateway.submit = (all) =>
    Promise.resolve(
      all.map((bytes) => {
        const decoded = signedTransactionCodec.decode(bytes);
        if (!decoded.ok) throw new Error(decoded.error.message);
        submitted.push(decoded.value);
        return { id: transactionId(bytes), status: 'pending' };
      }),
    );
  gateway.waitFor = (id) =>
    Promise.resolve({
      status: 'committed',
      height: toHeight(7),
      index: 2,
      blockHash: ZERO_HASH,
      receipt: { transactionId: id, feePaid: 0n, ...receipt },
    });
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const ask = (...args: readonly string[]): Promise<Ran> => run([...args, '--node', harness.url]);

async function operationsOf(...args: readonly string[]): Promise<unknown> {
  submitted = [];
  const { exitCode, stderr } = await ask(...args, '--from', 'alice');
  expect([exitCode, stderr]).toEqual([EXIT.done, '']);
  const { transaction } = present(submitted[0], 'a transaction');
  expect(transaction.sender).toBe(alice);
  return transaction.operations.map((operation) => OPERATIONS.toJson(operation, PREFIX));
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const textOf = (address: Address): string => formatAddress(address, PREFIX);

describe('writing', () => {
  const file = join(folder, 'value');
  writeFileSync(file, 'from a file');
  const docs = { namespace: 'docs', key: 'a/b' };
  it.each([
    [['put', 'docs', 'a/b', '--value', 'é'], [{ kind: 'put', ...docs, value: base64('é'), condition: 'any' }]],
    [['put', 'docs', 'a/b', '--value', ''], [{ kind: 'put', ...docs, value: '', condition: 'any' }]],
    [
      ['put', 'docs', 'a/b', '--file', file, '--if-absent'],
      [{ kind: 'put', ...docs, value: base64('from a file'), condition: 'absent' }],
    ],
    [
      ['put', 'docs', 'a/b', '--value', 'x', '--if-version', '17:3'],
      [{ kind: 'put', ...docs, value: base64('x'), condition: '17:3' }],
    ],
    [['delete', 'docs', 'a/b'], [{ kind: 'delete', ...docs, condition: 'any' }]],
    [['delete', 'docs', 'a/b', '--if-version', '1:0'], [{ kind: 'delete', ...docs, condition: '1:0' }]],
    [
      ['lease', 'docs', 'a/b', '--until', '99', '--if-absent'],
      [{ kind: 'lease', ...docs, until: 99, condition: 'absent' }],
    ],
    [['lease', 'docs', 'a/b', '--for', '60'], [{ kind: 'lease', ...docs, until: 60, condition: 'any' }]],
    [['release', 'docs', 'a/b', '--if-version', '7:1'], [{ kind: 'release', ...docs, condition: '7:1' }]],
    [['add', 'docs', 'a/b'], [{ kind: 'add', ...docs, delta: '1' }]],
    [['add', 'docs', 'a/b', '-5'], [{ kind: 'add', ...docs, delta: '-5' }]],
    [['insert', 'docs', 'a/b', 'red'], [{ kind: 'insert', ...docs, member: 'red' }]],
    [['remove', 'docs', 'a/b', 'red'], [{ kind: 'remove', ...docs, member: 'red' }]],
  ])('kv %j signs what it says', async (args, operations) => {
    expect(await operationsOf('kv', ...args)).toEqual(operations);
  });

  it.each([
    [['create', 'docs'], { kind: 'create-namespace', name: 'docs', writers: [] }],
    [
      ['create', 'docs', '--writer', 'bob', '--writer', textOf(alice)],
      { kind: 'create-namespace', name: 'docs', writers: [textOf(bob), textOf(alice)] },
    ],
    [['set-writers', 'docs', '--writer', 'bob'], { kind: 'set-writers', name: 'docs', writers: [textOf(bob)] }],
    [['set-writers', 'docs', '--nobody'], { kind: 'set-writers', name: 'docs', writers: [] }],
    [['set-owner', 'docs', '--to', 'bob'], { kind: 'set-owner', name: 'docs', owner: textOf(bob) }],
  ])('namespace %j signs what it says', async (args, operation) => {
    expect(await operationsOf('namespace', ...args)).toEqual([operation]);
  });

  it('gives scripts the object of `tx transfer`, and people the version', async () => {
    receipt = {
      code: 'OK',
      events: [
        { kind: 'put', ...docs, version: { height: toHeight(7), index: 2 }, depositPaid: 9n, depositRefunded: 0n },
      ],
    };
    const put = ['kv', 'put', 'docs', 'a/b', '--value', 'x', '--from', 'alice', '--wait'];
    const told = await ask(...put, '--json');
    expect(told.exitCode).toBe(EXIT.done);
    expect(JSON.parse(told.stdout)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      status: 'committed',
      height: 7,
      receipt: {
        transactionId: JSON.parse(told.stdout).id,
        code: 'OK',
        feePaid: '0',
        events: [{ kind: 'put', ...docs, version: '7:2', depositPaid: '9', depositRefunded: '0' }],
      },
    });
    expect((await ask(...put)).stdout).toContain('\n  put: namespace docs, key a/b, version 7:2, deposit paid 9\n');
  });

  it('ends with 1 and the code where a condition fails, and says what to do', async () => {
    receipt = { code: 'CONDITION_FAILED', events: [] };
    const put = ['kv', 'put', 'docs', 'a/b', '--value', 'x', '--if-absent', '--from', 'alice', '--wait'];
    const told = await ask(...put, '--json');
    expect(told.exitCode).toBe(EXIT.failed);
    expect(JSON.parse(told.stdout)).toMatchObject({ status: 'committed', receipt: { code: 'CONDITION_FAILED' } });
    expect((await ask(...put)).stdout).toMatch(/failed with CONDITION_FAILED, fee 0\nhint: .*read it again/);
  });

  const big = join(folder, 'big');
  writeFileSync(big, new Uint8Array(VALUE_BYTES_MAX + 1));
  it.each([
    [['--value', 'é'.repeat(VALUE_BYTES_MAX / 2 + 1)], 'VALUE_TOO_LARGE', EXIT.failed],
    [['--file', big], 'VALUE_TOO_LARGE', EXIT.failed],
    [['--file', join(folder, 'nowhere')], 'FILE_UNREADABLE', EXIT.failed],
    [['--file', folder], 'FILE_UNREADABLE', EXIT.failed],
    [[], 'USAGE', EXIT.usage],
    [['--value', 'x', '--file', big], 'USAGE', EXIT.usage],
    [['--value', 'x', '--if-absent', '--if-version', '1:0'], 'USAGE', EXIT.usage],
    [['--value', 'x', '--if-version', '1'], 'USAGE', EXIT.usage],
  ])('kv put %j sends nothing and says %s', async (args, code, exitCode) => {
    submitted = [];
    const told = await ask('kv', 'put', 'docs', 'a', ...args, '--from', 'alice', '--json');
    expect(JSON.parse(told.stdout)).toMatchObject({ error: { code } });
    expect([told.exitCode, submitted]).toEqual([exitCode, []]);
  });

  it('takes a value of 64 KiB', async () => {
    writeFileSync(big, new Uint8Array(VALUE_BYTES_MAX));
    expect(await operationsOf('kv', 'put', 'docs', 'a', '--file', big)).toHaveLength(1);
  });

  it.each([
    ['kv', 'put', 'Docs', 'a', '--value', 'x'],
    ['kv', 'put', 'docs', 'a b', '--value', 'x'],
    ['kv', 'add', 'docs', 'a', '1.5'],
    ['kv', 'add', 'docs', 'a', '9223372036854775808'],
    ['kv', 'lease', 'docs', 'a'],
    ['kv', 'lease', 'docs', 'a', '--for', '0'],
    ['kv', 'lease', 'docs', 'a', '--for', '5', '--until', '9'],
    ['kv', 'insert', 'docs', 'a'],
    ['namespace', 'create', '-docs'],
    ['namespace', 'set-writers', 'docs'],
    ['namespace', 'set-writers', 'docs', '--nobody', '--writer', 'bob'],
  ])('%s %s %s %s … is wrong usage', async (...args) => {
    expect((await ask(...args, '--from', 'alice')).exitCode).toBe(EXIT.usage);
  });
});

describe('tx submit', () => {
  const file = join(folder, 'operations.json');
  const put = { kind: 'put', namespace: 'docs', key: 'a', value: base64('x'), condition: '17:3' };

  it('signs a list of operations as the interface has them', async () => {
    const operations = [
      { kind: 'require', namespace: 'docs', key: 'lock', condition: '9:0' },
      put,
      { kind: 'transfer', to: textOf(bob), amount: '5' },
    ];
    writeFileSync(file, JSON.stringify(operations));
    expect(await operationsOf('tx', 'submit', file)).toEqual(operations);
  });

  it.each([
    ['{', 'JSON'],
    ['{}', 'expected array'],
    ['[]', 'expected array to have >=1'],
    [JSON.stringify(Array.from({ length: 17 }, () => put)), 'expected array to have <=16'],
    [JSON.stringify([put, { ...put, kind: 'poke' }]), '[1].kind'],
    [JSON.stringify([{ ...put, key: 'a b' }]), '[0].key'],
    [JSON.stringify([{ ...put, value: 'x' }]), '[0].value: not canonical base64'],
    [JSON.stringify([{ kind: 'transfer', to: 'bob', amount: '5' }]), '[0].to'],
  ])('of %s says what is wrong, and sends nothing', async (text, problem) => {
    writeFileSync(file, text);
    submitted = [];
    const told = await ask('tx', 'submit', file, '--from', 'alice', '--json');
    const { error } = JSON.parse(told.stdout) as { error: { code: string; message: string } };
    expect([told.exitCode, error.code, submitted]).toEqual([EXIT.failed, 'BAD_OPERATIONS', []]);
    expect(error.message).toContain(problem);
  });
});

describe('kv get', () => {
  it('prints the value, and beside it what is known of it', async () => {
    expect(await ask('kv', 'get', 'docs', 'a', '--height', '4')).toEqual({
      exitCode: EXIT.done,
      stdout: 'second\n',
      stderr: 'version 4:1, after block 4\n',
    });
  });

  it('gives scripts the entry', async () => {
    const { stdout, stderr } = await ask('kv', 'get', 'docs', 'a', '--json');
    expect([JSON.parse(stdout), stderr]).toEqual([
      {
        namespace: 'docs',
        key: 'a',
        value: base64('third'),
        version: '5:0',
        deposit: '0',
        height: TOP,
        timestampMs: expect.any(Number),
        stateRoot: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      '',
    ]);
  });

  it('ends with 1 where nothing stands there, and that can be proved', async () => {
    const told = await ask('kv', 'get', 'docs', 'gone', '--proof', '--genesis', genesisFile, '--json');
    expect(told.exitCode).toBe(EXIT.failed);
    expect(JSON.parse(told.stdout)).toMatchObject({
      value: null,
      version: null,
      proof: { headers: [{ height: TOP }] },
    });
    expect((await ask('kv', 'get', 'docs', 'gone', '--height', '5')).stdout).toBe('soon\n');
  });

  it.each(KEYS)('finds the key %j', async (key) => {
    expect((await ask('kv', 'get', 'docs', key)).stdout).toBe(`under ${key}\n`);
  });

  it('checks a proof, and ends with 4 where the node lies', async () => {
    const proof = ['--proof', '--genesis', genesisFile];
    const told = await ask('kv', 'get', 'docs', 'leased', ...proof);
    expect(told.stdout).toBe('\n');
    expect(told.stderr).toContain(`leased to ${textOf(writer)} up to height 100\nproved by validators 0, 1, 2`);
    const answer = (await harness.ask(keyPath('entry', { namespace: 'docs', key: 'a' }, { proof: true }))).json();
    await using liar = new FakeNode(json(200, { ...(answer as object), value: base64('lie') }));
    const lied = await run(['kv', 'get', 'docs', 'a', ...proof, '--node', await liar.start(), '--json']);
    expect(lied.exitCode).toBe(EXIT.violated);
    expect(JSON.parse(lied.stdout)).toMatchObject({ error: { code: 'BAD_PROOF' } });
  });

  it.each([
    [Uint8Array.of(0xff, 0xfe), '2 bytes, no text'],
    [new TextEncoder().encode('\u001b[2J'), '4 bytes, no text'],
    [new TextEncoder().encode('a\u202eb'), '5 bytes, no text'],
    [new TextEncoder().encode('two\r\n\tlines é'), 'two\r\n\tlines é'],
  ])('shows no bytes that could confuse a terminal: %s', async (value, shown) => {
    const answer = (await harness.ask(keyPath('entry', { namespace: 'docs', key: 'a' }))).json();
    await using node = new FakeNode(json(200, { ...(answer as object), value: Buffer.from(value).toString('base64') }));
    expect((await run(['kv', 'get', 'docs', 'a', '--node', await node.start()])).stdout).toBe(`${shown}\n`);
  });

  it.each(['.', '..', 'a b'])('takes no key %j, which there cannot be', async (key) => {
    const told = await ask('kv', 'get', 'docs', key, '--json');
    expect(JSON.parse(told.stdout)).toMatchObject({ error: { code: 'USAGE' } });
    expect(told.exitCode).toBe(EXIT.usage);
  });

  it.each([
    [['kv', 'get', 'docs', 'a', '--height', '1'], 'HEIGHT_PRUNED'],
    [['kv', 'get', 'docs', 'a', '--height', String(TOP + 1)], 'HEIGHT_UNKNOWN'],
    [['kv', 'list', 'docs', '--height', '1'], 'HEIGHT_PRUNED'],
  ])('%j says %s', async (args, code) => {
    const told = await ask(...args, '--json');
    expect(JSON.parse(told.stdout)).toMatchObject({ error: { code } });
    expect(told.exitCode).toBe(EXIT.failed);
  });
});

describe('other reads', () => {
  const all = ['a', 'leased', 'new', 'renewed', ...KEYS].sort();

  it('kv list has all entries of all pages, or as many as are wanted', async () => {
    const told = JSON.parse((await ask('kv', 'list', 'docs', '--json')).stdout);
    expect(told).toMatchObject({ namespace: 'docs', height: TOP, more: false });
    expect(told.entries.map(({ key }: { key: string }) => key)).toEqual(all);
    expect(told.entries.find(({ key }: { key: string }) => key === 'a')).toEqual({
      key: 'a',
      value: base64('third'),
      version: '5:0',
      deposit: '0',
    });
    const few = JSON.parse((await ask('kv', 'list', 'docs', '--limit', '3', '--json')).stdout);
    expect([few.entries.length, few.more]).toEqual([3, true]);
    const text = await ask('kv', 'list', 'docs', '--prefix', 'a/', '--height', '3');
    expect(text.stdout).toMatch(/^key +version +value\na\/\.\.\/b +2:\d+ +under a\/\.\.\/b\n/);
    expect(text.stdout).toMatch(/\nafter block 3\n$/);
  });

  it('kv history has each version', async () => {
    const told = JSON.parse((await ask('kv', 'history', 'docs', 'gone', '--json')).stdout);
    expect(told).toEqual({
      namespace: 'docs',
      key: 'gone',
      height: TOP,
      versions: [
        { height: 2, value: base64('soon'), version: '2:1', deposit: '0' },
        { height: 6, value: null, version: null, deposit: '0' },
      ],
      more: false,
    });
    expect((await ask('kv', 'history', 'docs', 'a', '--limit', '1')).stdout).toContain('there are more, see --limit');
  });

  it('kv counter and kv members tell what merged', async () => {
    expect((await ask('kv', 'counter', 'docs', 'hits')).stdout).toBe('5\n');
    expect((await ask('kv', 'counter', 'docs', 'never')).stdout).toBe('0\n');
    expect((await ask('kv', 'members', 'docs', 'colours')).stdout).toBe(`green/2\nyellow\nafter block ${TOP}\n`);
    expect(JSON.parse((await ask('kv', 'members', 'docs', 'colours', '--height', '4', '--json')).stdout)).toEqual({
      namespace: 'docs',
      key: 'colours',
      height: 4,
      members: ['green/2', 'red', 'yellow'],
      more: false,
    });
    const proof = ['--proof', '--genesis', genesisFile, '--json'];
    for (const [args, exitCode, shown] of [
      [['counter', 'docs', 'hits'], EXIT.done, { value: '5' }],
      [['members', 'docs', 'colours', 'yellow'], EXIT.done, { present: true }],
      [['members', 'docs', 'colours', 'red'], EXIT.failed, { present: false }],
    ] as const) {
      const told = await ask('kv', ...args, ...proof);
      expect(told.exitCode).toBe(exitCode);
      expect(JSON.parse(told.stdout)).toMatchObject({ ...shown, proof: { certificate: { height: TOP } } });
    }
    expect((await ask('kv', 'members', 'docs', 'colours', ...proof)).exitCode).toBe(EXIT.usage);
  });

  it('namespace show tells who may write, and ends with 1 where there is none', async () => {
    const told = await ask('namespace', 'show', 'docs', '--proof', '--genesis', genesisFile, '--json');
    expect(told.exitCode).toBe(EXIT.done);
    expect(JSON.parse(told.stdout)).toMatchObject({ name: 'docs', owner: textOf(owner), writers: [textOf(writer)] });
    const none = await ask('namespace', 'show', 'nowhere');
    expect([none.exitCode, none.stdout]).toEqual([
      EXIT.failed,
      expect.stringMatching(/^there is no namespace nowhere\n/),
    ]);
  });
});
