/** Starting and stopping nodes of a testnet that is there. One command at a time. */
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, EXIT } from '../output.ts';
import { changeLock, type Network, nodeOf, readNetwork, upLock, wipe as wipeFolder } from './layout.ts';
import { holderOf, lockWhenFree } from './lock.ts';
import { changeStrategy } from './network.ts';
import { killNode, nodeFailed, runningProcess, spawnNode, stopNodes } from './nodes.ts';
import { clientOfNode } from './observe.ts';
import { signalProcess, waitForEnd } from './process.ts';
import { type StartedNode, startedNode } from './up.ts';

/** Milliseconds for a node to answer over HTTP after its start. */
const ANSWER_MS = 30_000;
const POLL_MS = 50;
/** Milliseconds for a `testnet up` to stop its nodes and itself. */
const UP_STOP_MS = 30_000;

/** Pid of what was killed, undefined when the node did not run. */
export function kill(dir: string, index: number): Promise<number | undefined> {
  return changing(dir, async (network) => (await killNode(dir, nodeOf(network, index).index))?.pid);
}

/** Starts a node and waits until it answers. With a strategy (or `honest`) it is restarted if it runs with another. */
export function start(
  dir: string,
  index: number,
  strategy: string | undefined,
): Promise<{ readonly node: StartedNode; readonly started: boolean }> {
  return changing(dir, async (before) => {
    const wanted =
      strategy === undefined ? nodeOf(before, index).byzantine : strategy === 'honest' ? undefined : strategy;
    if (wanted !== nodeOf(before, index).byzantine) await stopNodes(dir, [index]);
    if (runningProcess(dir, index) !== undefined)
      return { node: startedNode(dir, nodeOf(before, index)), started: false };
    const network = await changeStrategy(dir, before, index, wanted);
    spawnNode(dir, index);
    await untilAnswers(dir, network, index);
    return { node: startedNode(dir, nodeOf(network, index)), started: true };
  });
}

/** Indices of the nodes that ran. */
export async function down(dir: string, wipe: boolean): Promise<readonly number[]> {
  const { nodes } = readNetwork(dir);
  const running = nodes.map(({ index }) => index).filter((index) => runningProcess(dir, index) !== undefined);
  const supervisor = holderOf(upLock(dir));
  if (supervisor !== undefined) {
    signalProcess(supervisor, 'SIGTERM');
    await waitForEnd(supervisor, UP_STOP_MS);
  }
  return changing(dir, async (network) => {
    await stopNodes(
      dir,
      network.nodes.map(({ index }) => index),
    );
    if (wipe) wipeFolder(dir, network);
    return running;
  });
}

async function changing<T>(dir: string, change: (network: Network) => Promise<T>): Promise<T> {
  // Before the lock: it is in the folder, which need not be there or ours.
  readNetwork(dir);
  const lock = await lockWhenFree(changeLock(dir));
  try {
    return await change(readNetwork(dir));
  } finally {
    lock.release();
  }
}

async function untilAnswers(dir: string, network: Network, index: number): Promise<void> {
  const client = clientOfNode(nodeOf(network, index));
  for (const deadline = Date.now() + ANSWER_MS; ; ) {
    if (runningProcess(dir, index) === undefined) throw nodeFailed(dir, index, 'stopped while it was starting');
    const answered = await client.status().then(
      () => true,
      () => false,
    );
    if (answered) return;
    if (Date.now() > deadline) {
      const { message, hint } = nodeFailed(dir, index, 'does not answer');
      throw new CommandError('NOT_READY', message, hint, EXIT.timedOut);
    }
    await delay(POLL_MS);
  }
}
