/** Four validators as four processes: asked over HTTP, and felled and started again as an operator or a power cut would. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Hash, hash } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { runningProcess } from '../../src/cli/testnet/nodes.ts';
import { type ProcessRecord, signalProcess, waitForEnd } from '../../src/cli/testnet/process.ts';
import { Client } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/errors.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { TestnetFolder, type Up } from './trefoil.ts';

const asText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const COUNT = 4;
const KILL_MS = 5_000;
/** Between questions to a node. */
const POLL_MS = 20;

export const ALL: readonly number[] = Array.from({ length: COUNT }, (_, index) => index);

export const allBut = (...missing: readonly number[]): readonly number[] =>
  ALL.filter((index) => !missing.includes(index));

/** Milliseconds that a backup waits for a primary of which nothing is known yet. */
export const BASE_TIMEOUT_MS: number = baseTimeoutMs();
/** Milliseconds in which commits go on after a crash, or after a quorum is back. */
export const RESUME_MS: number = 2 * BASE_TIMEOUT_MS;

function baseTimeoutMs(): number {
  const { consensus } = JSON.parse(developmentNetwork(COUNT).genesisText) as {
    readonly consensus: { readonly baseTimeoutTicks: number; readonly tickMs: number };
  };
  return consensus.baseTimeoutTicks * consensus.tickMs;
}

export class Validators {
  readonly folder = new TestnetFolder();
  readonly chainId: Hash;
  #urls: readonly string[];

  private constructor(up: Up, folder: TestnetFolder) {
    this.folder = folder;
    this.chainId = hash(up.chainId);
    this.#urls = up.nodes.map(({ http }) => http);
  }

  /** A new network, with a final block on every node. `options`: of `testnet up`. */
  static async start(...options: readonly string[]): Promise<Validators> {
    const folder = new TestnetFolder();
    try {
      return new Validators(await folder.json<Up>('testnet', 'up', '--detach', ...options), folder);
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A client of one node, which does not try again. With a genesis it can check proofs. */
  only(index: number, genesis?: Genesis): Client {
    return new Client({ urls: [this.#url(index)], rounds: 1, ...(genesis && { genesis }) });
  }

  /** A client of all nodes that begins with this one, as an application would be set up. */
  from(index: number): Client {
    return new Client({ urls: ALL.map((offset) => this.#url((index + offset) % COUNT)) });
  }

  async httpStatus(index: number, path: string): Promise<number> {
    const response = await fetch(this.#url(index) + path);
    await response.body?.cancel();
    return response.status;
  }

  #url(index: number): string {
    return present(this.#urls[index], 'a node');
  }

  /** SIGKILL, to all of them in the same moment. */
  async kill(indices: readonly number[]): Promise<void> {
    const records = indices.map((index) => this.#process(index));
    for (const record of records) signalProcess(record, 'SIGKILL');
    for (const record of records) invariant(await waitForEnd(record, KILL_MS), 'a node outlives SIGKILL');
  }

  running(): readonly number[] {
    return ALL.filter((index) => runningProcess(this.folder.dir, index) !== undefined);
  }

  #process(index: number): ProcessRecord {
    return present(runningProcess(this.folder.dir, index), `the process of node ${index}`);
  }

  /** Starts a node that was killed; returns when it answers. */
  async start(index: number): Promise<void> {
    const { http } = await this.folder.json<{ readonly http: string }>('testnet', 'start', String(index));
    this.#urls = this.#urls.map((url, position) => (position === index ? http : url));
  }

  async down(): Promise<void> {
    const { stopped } = await this.folder.json<{ readonly stopped: readonly number[] }>('testnet', 'down');
    invariant(stopped.length === COUNT, 'not every node ran', { stopped: stopped.join() });
  }

  /** Starts all that do not run; returns when each is connected to a quorum. */
  async up(): Promise<void> {
    const { chainId, nodes } = await this.folder.json<Up>('testnet', 'up', '--detach');
    invariant(chainId === this.chainId, 'another chain than before', { chainId });
    this.#urls = nodes.map(({ http }) => http);
  }

  /** Asks until the answer is as wanted; a node that does not answer is asked again. Returns the answer. */
  async until<T>(what: string, ask: () => Promise<T>, wanted: (answer: T) => boolean, timeoutMs = 30_000): Promise<T> {
    for (const deadline = Date.now() + timeoutMs; ; await delay(POLL_MS)) {
      const answer = await ask().catch((error: unknown) => {
        if (error instanceof ClientError) return error;
        throw error;
      });
      if (!(answer instanceof ClientError) && wanted(answer)) return answer;
      invariant(Date.now() < deadline, `never seen: ${what}`, {
        last: JSON.stringify(answer, asText),
        logs: this.folder.dir,
      });
    }
  }

  /** Stops the nodes and leaves their folder, for a person to look at. */
  async stop(): Promise<void> {
    await this.folder.run('testnet', 'down');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(join(this.folder.dir, '..'), { recursive: true, force: true });
  }
}
