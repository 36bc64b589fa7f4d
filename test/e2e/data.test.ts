/** Data on a real network of four: from the command line, with proofs, and from many clients at once. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { genesisFile } from '../../src/cli/testnet/layout.ts';
import type { Client } from '../../src/client/client.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { type Ran, run } from '../cli/terminal.ts';
import { ALL, Validators } from './validators.ts';
import { increment, inOrder, replay, Writer } from './writers.ts';

interface Written {
  readonly height: number;
  readonly receipt: { readonly code: string; readonly events: readonly { readonly version: string }[] };
}

interface Got {
  readonly value: string | null;
  readonly version: string | null;
  readonly height: number;
}

const CLIENTS = 50;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('data on four validators', () => {
  let validators: Validators;
  let writers: readonly Writer[];
  beforeAll(async () => {
    validators = await Validators.start();
    await enter();
    const others = writers.slice(1).map(({ address }) => address);
    await writerOf(0).does(nodeOf(0), { kind: 'create-namespace', name: 'race', writers: others });
  });
  afterAll(() => validators?.[Symbol.asyncDispose]());

  /** Nobody else may write meanwhile: from now on the nonces are counted here. */
  const enter = async (): Promise<void> => void (writers = await Writer.all(validators));
  const nodeOf = (client: number): Client => validators.only(client % ALL.length);
  const writerOf = (client: number): Writer => present(writers[client % writers.length], 'a writer');
  const clients = Array.from({ length: CLIENTS }, (_, client) => client);

  it('is written by the command line on conditions, and read as it was, with proof', async () => {
    const { dir } = validators.folder;
    const asks = (...args: readonly string[]): Promise<Ran> => run([...args, '--json', '--dir', dir]);
    const json = async <T>(...args: readonly string[]): Promise<T> => {
      const { exitCode, stdout } = await asks(...args);
      expect([exitCode, stdout]).toEqual([0, expect.anything()]);
      return JSON.parse(stdout) as T;
    };
    const by = ['--from', 'alice', '--wait', '--timeout', '60s'];
    const writes = (...args: readonly string[]): Promise<Written> => json<Written>(...args, ...by);
    await writes('namespace', 'create', 'orders', '--writer', 'bob');
    const first = await writes('kv', 'put', 'orders', 'a/17', '--value', 'open', '--if-absent');
    const version = present(first.receipt.events[0], 'an event').version;
    expect(version).toBe(`${first.height}:0`);
    const second = await writes('kv', 'put', 'orders', 'a/17', '--value', 'paid', '--if-version', version);
    const late = await asks('kv', 'put', 'orders', 'a/17', '--value', 'x', '--if-version', version, ...by, '--json');
    expect(late.exitCode).toBe(1);
    expect(JSON.parse(late.stdout)).toMatchObject({ status: 'committed', receipt: { code: 'CONDITION_FAILED' } });

    const old = ['kv', 'get', 'orders', 'a/17', '--height', String(first.height), '--proof'];
    expect(await json<Got>(...old)).toMatchObject({ value: base64('open'), version, height: first.height });
    expect(await json<Got>('kv', 'get', 'orders', 'a/17')).toMatchObject({ value: base64('paid') });
    const genesis = parseGenesis(readFileSync(genesisFile(dir), 'utf8'));
    if (!genesis.ok) throw new Error(genesis.error.message);
    for (const index of ALL) {
      const client = validators.only(index, genesis.value);
      const told = await client.data.entry('orders', 'a/17', { height: second.height, proof: true });
      expect([told.value, told.version]).toEqual([new TextEncoder().encode('paid'), `${second.height}:0`]);
    }

    const gone = await writes('kv', 'delete', 'orders', 'a/17');
    const missing = await asks('kv', 'get', 'orders', 'a/17', '--proof');
    expect([missing.exitCode, JSON.parse(missing.stdout).value]).toEqual([1, null]);
    const { versions } = await json<{ versions: readonly Got[] }>('kv', 'history', 'orders', 'a/17');
    expect(versions.map(({ height, value }) => [height, value])).toEqual([
      [first.height, base64('open')],
      [second.height, base64('paid')],
      [gone.height, null],
    ]);
  });

  it('is counted by 50 clients at once, none of which ever fails', async () => {
    await enter();
    const outcomes = await Promise.all(
      clients.flatMap((client) =>
        [1n, 2n, -1n].map((delta) =>
          writerOf(client).does(nodeOf(client), { kind: 'add', namespace: 'race', key: 'sum', delta }),
        ),
      ),
    );
    expect(outcomes.filter(({ code }) => code !== 'OK')).toEqual([]);
    const newest = Math.max(...outcomes.map(({ height }) => height));
    for (const index of ALL) {
      const { value } = await validators.until(
        'the last one, on every node',
        () => validators.only(index).data.counter('race', 'sum'),
        ({ height }) => height >= newest,
      );
      expect(value).toBe(BigInt(2 * CLIENTS));
    }
  });

  it('is compared and swapped by 50 clients at once as if they came one after another', async ({ annotate }) => {
    await enter();
    const startMs = performance.now();
    const attempts = (
      await Promise.all(clients.map((client) => increment(nodeOf(client), writerOf(client), 'race', 'number')))
    ).flat();
    await annotate(`${attempts.length} attempts in ${Math.round(performance.now() - startMs)} ms`);
    const expected = replay(attempts);
    expect(inOrder(attempts).map(({ code }) => code)).toEqual(expected.codes);
    expect(expected.value).toBe(CLIENTS);
    const last = present(
      inOrder(attempts).findLast(({ code }) => code === 'OK'),
      'the last success',
    );
    for (const index of ALL) {
      const told = await validators.until(
        'the last one, on every node',
        () => validators.only(index).data.entry('race', 'number'),
        ({ height }) => height >= last.height,
      );
      expect([told.value, told.version]).toEqual([
        new TextEncoder().encode(String(CLIENTS)),
        `${last.height}:${last.index}`,
      ]);
    }
  });
});
