/** What a flood asks of the machine: cores for each side, sizes of folders, answers of a process. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '../../src/cli/testnet/layout.ts';

/** Of the folder of the first node, which LevelDB changes at any moment. */
export function diskMib(dir: string): number {
  const data = dataFolder(dir, 0);
  const sizes = readdirSync(data).map((name) => statSync(join(data, name), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0) / 1024 / 1024;
}

/** Ties all threads of a process to one core; without that tool, or with one core, everything shares what there is. */
export function pin(pid: number, core: number): void {
  if (process.platform !== 'linux' || availableParallelism() <= core) return;
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' });
  } catch {
    // There is no such tool.
  }
}

/** What the process sends next. */
export function nextOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', () => reject(new Error('the flooder has ended')));
  });
}
