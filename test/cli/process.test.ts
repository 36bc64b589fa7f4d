import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { holderOf, lockWhenFree, tryLock } from '../../src/cli/testnet/lock.ts';
import { freePorts } from '../../src/cli/testnet/ports.ts';
import {
  endProcess,
  isRunning,
  processOf,
  signalProcess,
  startTicks,
  waitForEnd,
} from '../../src/cli/testnet/process.ts';

const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A process that ends when asked to, or, stubborn, does not. */
async function startChild(stubborn = false) {
  const ignore = stubborn ? "process.on('SIGTERM', () => {});" : '';
  const script = `${ignore} setInterval(() => {}, 1000); console.log('ready')`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { child, record: present(processOf(present(child.pid, 'pid')), 'the process') };
}

function lockPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trefoil-lock-'));
  folders.push(folder);
  return join(folder, 'lock');
}

describe('a process record', () => {
  it('knows its process', async () => {
    const { record } = await startChild();
    expect(isRunning(record)).toBe(true);
    expect(isRunning(present(processOf(process.pid), 'this process'))).toBe(true);
  });

  it('does not take another process with the same pid for its own, and leaves it alone', async () => {
    const { child, record } = await startChild();
    const recycled = { ...record, startedAt: `${record.startedAt}0` };
    expect(isRunning(recycled)).toBe(false);
    expect(signalProcess(recycled, 'SIGKILL')).toBe(false);
    expect(await endProcess(recycled, 10)).toBe(true);
    expect(isRunning(record)).toBe(true);
    expect(child.exitCode).toBeNull();
  });

  it('sees the end', async () => {
    const { record } = await startChild();
    expect(await waitForEnd(record, 0)).toBe(false);
    expect(signalProcess(record, 'SIGKILL')).toBe(true);
    expect(await waitForEnd(record, 10_000)).toBe(true);
  });

  it('ends a process that listens by asking, one that does not by force', async () => {
    const [polite, stubborn] = [await startChild(), await startChild(true)];
    expect(await endProcess(polite.record, 10_000)).toBe(true);
    expect(await endProcess(stubborn.record, 200)).toBe(false);
    expect(isRunning(stubborn.record)).toBe(false);
  });

  it.each([
    ['1 (node) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 11 0 4711 0', '4711'],
    ['1 (a) b) (c) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 11 0 4711 0', '4711'],
    ['1 (node) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 11 0 4711 0', undefined],
  ])('reads the start time of "%s"', (stat, ticks) => expect(startTicks(stat)).toBe(ticks));
});

describe('a lock', () => {
  it('is had by one, and then by another', async () => {
    const path = lockPath();
    const lock = present(tryLock(path), 'the lock');
    expect(tryLock(path)).toBeUndefined();
    expect(holderOf(path)?.pid).toBe(process.pid);
    await expect(lockWhenFree(path, 60)).rejects.toMatchObject({ code: 'TESTNET_BUSY' });
    lock.release();
    expect(tryLock(path)).toBeDefined();
  });

  it('of a process that is gone counts for nothing, and leaves nothing behind', async () => {
    const path = lockPath();
    const { record } = await startChild();
    writeFileSync(path, JSON.stringify(record));
    expect(tryLock(path)).toBeUndefined();
    signalProcess(record, 'SIGKILL');
    await waitForEnd(record, 10_000);
    present(tryLock(path), 'the lock').release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it.each(['', 'garbage', '{"pid":0}'])('with "%s" in it counts for nothing', (text) => {
    const path = lockPath();
    writeFileSync(path, text);
    expect(tryLock(path)).toBeDefined();
  });
});

describe('free ports', () => {
  it('are all different', async () => {
    const ports = await freePorts(Array.from({ length: 20 }, () => undefined));
    expect(new Set(ports).size).toBe(20);
  });

  it('are none that the system gives to outgoing connections before a node listens', async () => {
    const ports = await freePorts(Array.from({ length: 20 }, () => undefined));
    expect(ports.filter((port) => port < 20_000 || port >= 32_768)).toEqual([]);
  });

  it('are the wished ones where those are free', async () => {
    const wishes = await freePorts([undefined, undefined]);
    expect(await freePorts(wishes)).toEqual(wishes);
    const [port] = wishes;
    const [first, second] = await freePorts([port, port]);
    expect(first).toBe(port);
    expect(second).not.toBe(port);
  });
});
