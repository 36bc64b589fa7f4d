import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { isRunning, processOf } from '../../src/cli/testnet/process.ts';
import { LAUNCHER, TestnetFolder, type Up } from './trefoil.ts';

const pay = [
  'tx',
  'transfer',
  '--from',
  'alice',
  '--to',
  'bob',
  '--amount',
  '5',
  '--wait',
  '--timeout',
  '60s',
] as const;

interface Paid {
  readonly id: string;
  readonly status: string;
  readonly height: number;
  readonly receipt: { readonly code: string };
}

describe('a testnet in the background', () => {
  const folder = new TestnetFolder();
  let up: Up;

  beforeAll(async () => {
    up = await folder.json<Up>('testnet', 'up', '--detach');
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it('is up when the command returns: four processes, and a final block on each', async () => {
    expect(up.chainId).toMatch(/^[0-9a-f]{64}$/);
    expect(up.nodes.map(({ index, power }) => [index, power])).toEqual([0, 1, 2, 3].map((index) => [index, '1']));
    expect(new Set(up.nodes.map(({ pid }) => pid)).size).toBe(4);
    expect(up.nodes.every(({ pid }) => processOf(pid) !== undefined)).toBe(true);
    expect(up.accounts.map(({ name }) => name)).toEqual(expect.arrayContaining(['alice', 'bob']));
    const { agreed, nodes } = await folder.status();
    expect(agreed).toBe(true);
    expect(nodes.map(({ http }) => http)).toEqual(up.nodes.map(({ http }) => http));
    expect(nodes.every(({ running, certifiedHeight }) => running && (certifiedHeight ?? 0) >= 1)).toBe(true);
  });

  it('moves money, and every node has the same receipt', async () => {
    const { balance: before } = await folder.json<{ balance: string }>('account', 'show', 'bob');
    const paid = await folder.json<Paid>(...pay);
    expect(paid).toMatchObject({ status: 'committed', receipt: { code: 'OK', transactionId: paid.id } });
    await folder.until('all at its height', ({ nodes }) =>
      nodes.every(({ certifiedHeight }) => (certifiedHeight ?? 0) >= paid.height),
    );
    for (const { http } of up.nodes) {
      const shown = await fetch(`${http}/v1/transactions/${paid.id}`).then((response) => response.json());
      expect(shown).toMatchObject({ status: 'committed', height: paid.height, receipt: paid.receipt });
    }
    const { balance: after } = await folder.json<{ balance: string }>('account', 'show', 'bob');
    expect(BigInt(after) - BigInt(before)).toBe(5n);
    expect(await folder.json('block', 'show', String(paid.height))).toMatchObject({ transactions: [{ id: paid.id }] });
    expect(await folder.json('tx', 'show', paid.id)).toMatchObject({ status: 'committed', height: paid.height });
  });

  it('goes on when the primary is killed, and takes it back', async () => {
    const { nodes } = await folder.status();
    const primary = present(nodes[0]?.primary, 'a primary');
    const { pid } = present(up.nodes[primary], 'its process');
    expect(await folder.json('testnet', 'kill', String(primary))).toEqual({ index: primary, killed: true, pid });
    const paid = await folder.json<Paid>(...pay);
    expect(paid.status).toBe('committed');
    expect((await folder.status()).nodes[primary]).toMatchObject({ running: false, height: null });
    expect(await folder.json('testnet', 'kill', String(primary))).toEqual({ index: primary, killed: false });
    expect(await folder.json('testnet', 'start', String(primary))).toMatchObject({ index: primary, started: true });
    const status = await folder.until('the killed node caught up', ({ nodes }) => {
      return (nodes[primary]?.certifiedHeight ?? 0) >= paid.height;
    });
    expect(status.agreed).toBe(true);
  });

  it('has exit code 1 for a transfer that stands in a block and failed', async () => {
    const tooMuch = pay.map((argument) => (argument === '5' ? '18446744073709551615' : argument));
    const { exitCode, stdout } = await folder.run(...tooMuch, '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'committed', receipt: { code: 'INSUFFICIENT_BALANCE' } });
  });

  it('says "pending" with exit code 3 when a commit takes too long', async () => {
    await folder.json('testnet', 'kill', '2');
    await folder.json('testnet', 'kill', '3');
    const { exitCode, stdout } = await folder.run(...pay.slice(0, -1), '1s', '--json');
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'pending' });
    await folder.json('testnet', 'start', '2');
    await folder.json('testnet', 'start', '3');
    const { id } = JSON.parse(stdout) as Paid;
    await folder.until('commits again', ({ agreed }) => agreed);
    expect(await folder.json<Paid>(...pay)).toMatchObject({ status: 'committed' });
    expect(await folder.json('tx', 'show', id)).toMatchObject({ status: 'committed' });
  });

  it('resumes after it was down, with its chain and its balances', async () => {
    const before = await folder.status();
    const { balance } = await folder.json<{ balance: string }>('account', 'show', 'bob');
    expect(await folder.json('testnet', 'down')).toEqual({
      stopped: [0, 1, 2, 3],
      wiped: false,
      verdict: expect.stringMatching(/^safety held · \d+ blocks$/),
    });
    const { exitCode, stderr } = await folder.run('account', 'show', 'bob');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^error TESTNET_STOPPED: /)]);
    expect((await folder.json<Up>('testnet', 'up', '--detach')).chainId).toBe(up.chainId);
    const after = await folder.status();
    expect(after.nodes[0]?.certifiedHeight).toBeGreaterThanOrEqual(before.nodes[0]?.certifiedHeight ?? 0);
    expect(await folder.json('account', 'show', 'bob')).toMatchObject({ balance });
  });

  it('is not changed into one of another size', async () => {
    const { exitCode, stdout } = await folder.run('testnet', 'up', '--detach', '--nodes', '7', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toHaveProperty('error.code', 'TESTNET_MISMATCH');
  });

  it('is gone after a wipe', async () => {
    expect(await folder.json('testnet', 'down', '--wipe')).toMatchObject({ stopped: [0, 1, 2, 3], wiped: true });
    expect(existsSync(folder.dir)).toBe(false);
  });
});

describe('a testnet in the foreground', () => {
  it('has one to look after it, and stops cleanly on Ctrl+C, however often it is pressed', async () => {
    await using folder = new TestnetFolder();
    const child = spawn(process.execPath, [LAUNCHER, 'testnet', 'up', '--json', '--dir', folder.dir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let stdout = '';
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        stdout += String(chunk);
        if (stdout.endsWith('\n')) resolve();
      });
    });
    const up = JSON.parse(stdout) as Up;
    expect(up.nodes).toHaveLength(4);
    const second = await folder.run('testnet', 'up', '--json');
    expect(second.exitCode).toBe(1);
    expect(JSON.parse(second.stdout)).toHaveProperty('error.code', 'TESTNET_BUSY');
    const records = up.nodes.map(({ pid }) => present(processOf(pid), 'a node'));

    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(records.some(isRunning)).toBe(false);
    expect(stderr).toContain('Resume: npx trefoil testnet up');
    expect(JSON.parse(stdout)).toEqual(up);
  });

  it('is stopped by `testnet down` too', async () => {
    await using folder = new TestnetFolder();
    const child = spawn(process.execPath, [LAUNCHER, 'testnet', 'up', '--dir', folder.dir], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(await folder.json('testnet', 'down', '--wipe')).toMatchObject({ stopped: [0, 1, 2, 3], wiped: true });
    expect(await exited).toBe(0);
  });
});
