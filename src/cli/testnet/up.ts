/** From a folder to a network that commits. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StatusJson } from '../../api/status.ts';
import type { Liar } from '../arguments.ts';
import { CommandError, EXIT, type Output } from '../output.ts';
import { changeLock, hasNetwork, httpUrl, type Network, readNetwork, type TestnetNode } from './layout.ts';
import { lockWhenFree } from './lock.ts';
import { type NetworkRequest, prepareNetwork } from './network.ts';
import { nodeFailed, runningProcess, spawnNode, stopNodes } from './nodes.ts';
import { type Observation, observe } from './observe.ts';

/** Milliseconds until the first block has to be final everywhere. A machine with one slow core needs ten seconds. */
const READY_MS = 90_000;
const POLL_MS = 100;
export interface UpRequest extends NetworkRequest {
  readonly dir: string;
  /** Stops what was started. */
  readonly signal: AbortSignal;
}

export interface StartedNode extends TestnetNode {
  readonly pid: number;
  readonly http: string;
}

export interface Testnet {
  readonly network: Network;
  readonly nodes: readonly StartedNode[];
  readonly primary: number;
  readonly resumed: boolean;
}

/** Starts, in a folder that is claimed, what does not run, and waits until height 1 is final on every node. Throws CommandError: those of
 *  prepareNetwork, TESTNET_BUSY, NODE_FAILED, NOT_READY, CANCELLED; what it started is stopped then. */
export async function bringUp({ dir, signal, ...request }: UpRequest, output: Output): Promise<Testnet> {
  const lock = await lockWhenFree(changeLock(dir));
  const started: number[] = [];
  try {
    await stopChangedLiars(dir, request.liars);
    const { network, resumed } = await prepareNetwork(dir, request);
    const stopped = network.nodes.filter(({ index }) => runningProcess(dir, index) === undefined);
    output.progress(announce(dir, network, stopped, resumed));
    for (const { index } of stopped) {
      spawnNode(dir, index);
      started.push(index);
    }
    const { primary, validators } = await untilReady(dir, network, signal, output);
    const nodes = network.nodes.map((node) => {
      const power = validators.find(({ index }) => index === node.index)?.power ?? '0';
      return { ...startedNode(dir, node), power };
    });
    return { network, nodes, primary, resumed };
  } catch (error) {
    await stopNodes(dir, started);
    throw error;
  } finally {
    lock.release();
  }
}

/** A node reads its strategy when it starts. */
async function stopChangedLiars(dir: string, liars: readonly Liar[]): Promise<void> {
  if (!hasNetwork(dir)) return;
  const before = readNetwork(dir);
  const wanted = new Map(liars.map(({ index, strategy }) => [index, strategy]));
  const changed = before.nodes.filter(({ index, byzantine }) => byzantine !== wanted.get(index));
  await stopNodes(
    dir,
    changed.map(({ index }) => index),
  );
}

function announce(dir: string, { nodes }: Network, stopped: readonly TestnetNode[], resumed: boolean): string {
  if (stopped.length === 0) return `The testnet in ${dir} is running already.`;
  const what = resumed ? `Resuming the testnet in ${dir}` : `Making a testnet of ${nodes.length} validators in ${dir}`;
  const some = stopped.length < nodes.length ? `, starting ${stopped.map(({ index }) => index).join(', ')}` : '';
  return `${what}${some} …`;
}

export function startedNode(dir: string, node: TestnetNode): StartedNode {
  const record = runningProcess(dir, node.index);
  if (record === undefined) throw nodeFailed(dir, node.index, 'has stopped');
  return { ...node, pid: record.pid, http: httpUrl(node) };
}

/** What a node says of the epoch: its primary, and who has what power. */
async function untilReady(
  dir: string,
  network: Network,
  signal: AbortSignal,
  output: Output,
): Promise<Pick<StatusJson, 'primary' | 'validators'>> {
  const deadline = Date.now() + READY_MS;
  let lastLine = '';
  for (;;) {
    const observations = await observe(dir, network);
    const dead = observations.find(({ running }) => !running);
    if (signal.aborted) throw new CommandError('CANCELLED', 'stopped before the testnet was ready', 'Start it again.');
    if (dead !== undefined) throw nodeFailed(dir, dead.node.index, 'stopped while it was starting');
    const waiting = observations.filter((observation) => !isReady(observation));
    const told = observations.find(({ node, status }) => status !== undefined && node.byzantine === undefined);
    if (waiting.length === 0 && told?.status !== undefined) return told.status;
    if (Date.now() > deadline) throw notReady(dir, waiting);
    const line = `Waiting for the first final block: ${waiting.map(describe).join(' · ')}`;
    if (output.isLive) output.live(line);
    else if (line !== lastLine) output.progress(line);
    lastLine = line;
    await delay(POLL_MS);
  }
}

/** A liar is ready when it runs: its peers may never let it near a final block. */
const isReady = ({ node, status }: Observation): boolean =>
  status !== undefined && (node.byzantine !== undefined || (status.certifiedHeight >= 1 && status.quorum.met));

function describe({ node, status }: Observation): string {
  if (status === undefined) return `validator ${node.index} is starting`;
  if (!status.quorum.met) return `validator ${node.index} sees ${status.quorum.connected} of ${status.quorum.required}`;
  return `validator ${node.index} is at height ${status.certifiedHeight}`;
}

function notReady(dir: string, waiting: readonly Observation[]): CommandError {
  const [first] = waiting;
  const story = `no final block everywhere within ${READY_MS / 1000} s: ${waiting.map(describe).join('; ')}`;
  const detail = first === undefined ? '' : `\n${nodeFailed(dir, first.node.index, 'is not ready').message}`;
  return new CommandError('NOT_READY', story + detail, 'Is the machine very busy? Try again.', EXIT.timedOut);
}
