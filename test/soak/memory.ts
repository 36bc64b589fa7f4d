/** What floods do to the memory of honest nodes: how far it rises, garbage and all, and what of that is held. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { invariant } from '../../src/base/invariant.ts';
import { readLog } from '../e2e/log.ts';
import { ownMib } from '../e2e/memory.ts';
import { COLLECTED } from './collect.ts';

const LOOK_EVERY_MS = 250;
/** A collection takes less than a second, on a core that is shared with two others too. */
const COLLECT_MS = 30_000;

const COLLECTOR = pathToFileURL(fileURLToPath(new URL('./collect.ts', import.meta.url))).href;

/** Lets the nodes that are started from now on collect their garbage when they are told to. */
export function nodesCollectWhenTold(): void {
  const options = process.env['NODE_OPTIONS'] ?? '';
  if (!options.includes(COLLECTOR)) process.env['NODE_OPTIONS'] = `${options} --import=${COLLECTOR}`.trim();
}

export interface HonestNode {
  readonly index: number;
  readonly pid: number;
}

/** Looks at the memory of some nodes again and again. */
export class Memory {
  readonly #nodes: readonly HonestNode[];
  readonly #before: readonly number[];
  readonly #looking: NodeJS.Timeout;
  #growth = 0;

  constructor(nodes: readonly HonestNode[]) {
    this.#nodes = nodes;
    this.#before = nodes.map(({ pid }) => ownMib(pid) ?? 0);
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  #look(): void {
    const growths = this.#nodes.map(({ pid }, i) => (ownMib(pid) ?? 0) - (this.#before[i] ?? 0));
    this.#growth = Math.max(this.#growth, ...growths);
  }

  /** Most that any of them ever had more than at first, in MiB. */
  stop(): number {
    clearInterval(this.#looking);
    return this.#growth;
  }
}

/** MiB that are in use in the node that uses most, after each has collected its garbage. */
export async function heldMib(dir: string, nodes: readonly HonestNode[]): Promise<number> {
  const told = (index: number) => readLog(dir, index).filter(({ kind }) => kind === COLLECTED);
  const before = nodes.map(({ index }) => told(index).length);
  for (const { pid } of nodes) process.kill(pid, 'SIGUSR2');
  const deadline = performance.now() + COLLECT_MS;
  while (nodes.some(({ index }, i) => told(index).length === before[i])) {
    invariant(performance.now() < deadline, 'nodes collect their garbage in time');
    await delay(LOOK_EVERY_MS);
  }
  return Math.max(...nodes.map(({ index }) => Number(told(index).at(-1)?.msg)));
}
