/** The command line as a script uses it: a process of its own, --json, exit codes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { invariant } from '../../src/base/invariant.ts';

export const LAUNCHER: string = join(import.meta.dirname, '..', '..', 'bin', 'trefoil.mjs');

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function trefoil(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await exited, stdout, stderr };
}

/** A folder for a testnet; what runs in it is stopped at the end. */
export class TestnetFolder {
  readonly dir: string;
  readonly #parent: string;

  constructor() {
    this.#parent = mkdtempSync(join(tmpdir(), 'trefoil-e2e-'));
    this.dir = join(this.#parent, 'net');
  }

  run(...args: readonly string[]): Promise<Finished> {
    return trefoil(...args, '--dir', this.dir);
  }

  /** The one JSON object of a command that succeeds. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.run(...args, '--json');
    invariant(exitCode === 0, `trefoil ${args.join(' ')}`, { exitCode, stdout, stderr });
    return JSON.parse(stdout) as T;
  }

  status(): Promise<Status> {
    return this.json<Status>('testnet', 'status');
  }

  /** Asks until the status is as wanted. */
  async until(what: string, wanted: (status: Status) => boolean, timeoutMs = 60_000): Promise<Status> {
    for (const deadline = Date.now() + timeoutMs; ; ) {
      const status = await this.status();
      if (wanted(status)) return status;
      invariant(Date.now() < deadline, `never seen: ${what}`, { status: JSON.stringify(status) });
      await delay(200);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('testnet', 'down');
    rmSync(this.#parent, { recursive: true, force: true });
  }
}

export interface Up {
  readonly chainId: string;
  readonly nodes: readonly {
    readonly index: number;
    readonly pid: number;
    readonly http: string;
    readonly peerId: string;
    readonly power: string;
    readonly byzantine?: string;
  }[];
  readonly accounts: readonly { readonly name: string; readonly address: string }[];
}

export interface Status {
  readonly agreed: boolean;
  readonly nodes: readonly {
    readonly index: number;
    readonly http: string;
    readonly running: boolean;
    readonly height: number | null;
    readonly certifiedHeight: number | null;
    readonly blockHash: string | null;
    readonly view: number | null;
    readonly primary: number | null;
    readonly peers: number | null;
  }[];
  readonly caught: readonly {
    readonly validator: number | null;
    readonly code: string;
    readonly by: readonly number[];
  }[];
}
