/** Primaries that fall again and again while others lie. */
import { setTimeout as delay } from 'node:timers/promises';
import { invariant, present } from '../../src/base/invariant.ts';
import { runningProcess } from '../../src/cli/testnet/nodes.ts';
import { type ProcessRecord, signalProcess, waitForEnd } from '../../src/cli/testnet/process.ts';
import { statusOf } from '../e2e/honest.ts';
import { honestNodes, type LyingNetwork } from '../e2e/lying.ts';
import { BASE_TIMEOUT_MS } from '../e2e/validators.ts';
import type { Role } from './roles.ts';

/** Milliseconds that a primary has before it falls: longer than a censor is borne. */
const TERM_MS = 5_000;
/** Milliseconds for which it is away: the others lose patience by then. */
const AWAY_MS = 1.25 * BASE_TIMEOUT_MS;
const KILL_MS = 5_000;
const CONNECT_MS = 30_000;
const POLL_MS = 20;

/** Fells primaries as the role has it. */
export class Unseated {
  falls = 0;
  longestAwayMs = 0;
  readonly #network: LyingNetwork;
  readonly #role: Role;

  constructor(network: LyingNetwork, role: Role) {
    this.#network = network;
    this.#role = role;
  }

  /** When it is done all run again. */
  async run(ms: number): Promise<void> {
    for (const endMs = performance.now() + ms; performance.now() < endMs; ) {
      await delay(Math.min(TERM_MS, endMs - performance.now()));
      const primary = await this.#primary();
      if (performance.now() >= endMs) return;
      const lies = this.#network.liars.includes(primary);
      if (lies && this.#role === 'primary') continue;
      const fromMs = performance.now();
      if (lies) await this.#pause(primary);
      else if (this.#role === 'primary') await this.#kill([primary]);
      else await this.#kill([primary, this.#neighbourOf(primary)]);
      this.falls += 1;
      this.longestAwayMs = Math.max(this.longestAwayMs, performance.now() - fromMs);
    }
  }

  /** As the honest node says that is in the highest view. */
  async #primary(): Promise<number> {
    const statuses = await Promise.all(honestNodes(this.#network).map(({ http }) => statusOf(http)));
    return present(statuses.toSorted((a, b) => b.epoch - a.epoch || b.view - a.view)[0], 'an honest node').primary;
  }

  /** The next honest one. */
  #neighbourOf(index: number): number {
    const honest = honestNodes(this.#network);
    return (honest.find((node) => node.index > index) ?? present(honest[0], 'an honest node')).index;
  }

  #process(index: number): ProcessRecord {
    return present(runningProcess(this.#network.folder.dir, index), `the process of node ${index}`);
  }

  async #pause(index: number): Promise<void> {
    const record = this.#process(index);
    signalProcess(record, 'SIGSTOP');
    try {
      await delay(AWAY_MS);
    } finally {
      signalProcess(record, 'SIGCONT');
    }
    await this.#untilQuorum(index);
  }

  /** All in the same moment. */
  async #kill(indices: readonly number[]): Promise<void> {
    const records = indices.map((index) => this.#process(index));
    for (const record of records) signalProcess(record, 'SIGKILL');
    for (const record of records) invariant(await waitForEnd(record, KILL_MS), 'a node outlives SIGKILL');
    await delay(AWAY_MS);
    for (const index of indices) await this.#network.folder.json('testnet', 'start', String(index));
    for (const index of indices) await this.#untilQuorum(index);
  }

  async #untilQuorum(index: number): Promise<void> {
    const { http } = present(this.#network.up.nodes[index], 'a node');
    for (const deadline = performance.now() + CONNECT_MS; !(await statusOf(http)).quorum.met; await delay(POLL_MS)) {
      invariant(performance.now() < deadline, 'a node that fell sees a quorum again', { index });
    }
  }
}
