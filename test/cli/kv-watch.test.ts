import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/output.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { add, createNamespace, insert, lease, put, release, remove, takeOut } from '../ledger/operations/kit.ts';
import { DataChain } from '../rpc/data-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { PREFIX } from '../rpc/memory-gateway.ts';
import { run } from './terminal.ts';

let node: Harness;
let chain: DataChain;
beforeEach(async () => {
  node = await start({ limits: { heartbeatMs: 10 } });
  chain = new DataChain();
  const { alice } = chain.ledger;
  chain.append([alice, [createNamespace()]]);
  chain.append([alice, [put('a/1', 'one'), put('b', 'two'), put('a/2', 'three')]]);
  chain.append([alice, [remove('a/1')]]);
  for (const block of chain.blocks) node.gateway.publish(block);
});
afterEach(() => node[Symbol.asyncDispose]());

const watch = (...args: readonly string[]) => run(['kv', 'watch', 'docs', '--node', node.url, ...args]);

async function json(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { exitCode, stdout } = await watch('--json', ...args);
  expect(exitCode).toBe(EXIT.done);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('kv watch', () => {
  it('prints one JSON object for each change, with its value', async () => {
    const { alice } = chain.ledger;
    const [made, first, ...others] = await json('--from', '0:0', '--count', '5');
    expect(made).toMatchObject({ id: '1:0', kind: 'create-namespace', namespace: 'docs' });
    expect(first).toEqual({
      id: '2:0/0',
      kind: 'put',
      namespace: 'docs',
      key: 'a/1',
      value: 'b25l',
      version: '2:0',
      depositPaid: '0',
      depositRefunded: '0',
      height: 2,
      sender: formatAddress(alice, PREFIX),
      transactionId: chain.blocks[1]?.record.receipts[0]?.transactionId,
    });
    expect(others).toMatchObject([
      { id: '2:0/1', key: 'b', version: '2:0' },
      { id: '2:0', key: 'a/2', version: '2:0' },
      { id: '3:0', kind: 'delete', key: 'a/1', value: null, version: '3:0' },
    ]);
  });

  it.each([
    ['1:0', ['2:0/0', '2:0/1', '2:0', '3:0']],
    ['2:0/0', ['2:0/1', '2:0', '3:0']],
    ['2:0/1', ['2:0', '3:0']],
    ['2:0', ['3:0']],
    ['2:8192', ['3:0']],
  ])('goes on right after the line with id %s', async (from, ids) => {
    const lines = await json('--from', from, '--count', String(ids.length));
    expect(lines.map(({ id }) => id)).toEqual(ids);
  });

  it('prints only keys with the prefix', async () => {
    const lines = await json('--prefix', 'a/', '--from', '0:0', '--count', '3');
    expect(lines.map(({ id, key }) => [id, key])).toEqual([
      ['2:0/0', 'a/1'],
      ['2:0', 'a/2'],
      ['3:0', 'a/1'],
    ]);
  });

  it('prints a line for people, whatever happened', async () => {
    const { alice } = chain.ledger;
    for (const operation of [
      put('text', 'a b'),
      put('escape', '\u001b[2J'),
      lease('lock', 9),
      release('lock'),
      add('count', 5n),
      insert('set', 'm'),
      takeOut('set', 'm'),
      { kind: 'set-writers', name: 'docs', writers: [] } as const,
      { kind: 'set-owner', name: 'docs', owner: alice } as const,
    ])
      node.gateway.publish(chain.append([alice, [operation]]));
    const { stdout } = await watch('--from', '3:0', '--count', '9');
    const owner = formatAddress(alice, PREFIX);
    expect(stdout.split('\n').map((line) => line.replace(/^\S+ +/, ''))).toEqual([
      'text = a b',
      'escape = 4 bytes, no text',
      `lock leased by ${owner} until height 9`,
      'lock released',
      'count counts 5',
      'set has m',
      'set has m no more',
      'writers of the namespace: its owner alone',
      `namespace given to ${owner}`,
      '',
    ]);
  });

  it('ends after a while, with exit code 3 where less came than was waited for', async () => {
    expect(await watch('--timeout', '50ms')).toEqual({ exitCode: EXIT.done, stdout: '', stderr: '' });
    const { exitCode, stdout } = await watch('--json', '--from', '2:0', '--count', '2', '--timeout', '200ms');
    expect(exitCode).toBe(EXIT.timedOut);
    const [line, error] = stdout
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each) as unknown);
    expect([line, error]).toMatchObject([{ id: '3:0' }, { error: { code: 'TIMED_OUT' } }]);
  });

  it('says how far it is, where that is wanted', async () => {
    const { stdout } = await watch('--json', '--progress', '--prefix', 'none', '--from', '0:0', '--timeout', '200ms');
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ kind: 'progress', newestHeight: 3 });
  });

  it('says what is gone', async () => {
    for (const height of [1, 2]) node.gateway.blocks.delete(height);
    expect(await json('--from', '0:0', '--count', '1')).toMatchObject([
      { id: '2:8192', kind: 'pruned', nextHeight: 3 },
      { id: '3:0', kind: 'delete' },
    ]);
  });

  it.each([
    ['--from', '3'],
    ['--from', '1:2/x'],
    ['--from', '1:9999'],
    ['--count', '0'],
    ['--prefix', 'a b'],
  ])('does not understand %s %s', async (...args) => {
    const { exitCode, stdout } = await watch(...args);
    expect([exitCode, stdout]).toEqual([EXIT.usage, '']);
  });
});
