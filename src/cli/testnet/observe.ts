/** What the nodes of a testnet say of themselves and of one another. */
import type { StatusJson } from '../../api/status.ts';
import { Client } from '../../client/client.ts';
import { ClientError } from '../../client/errors.ts';
import { httpUrl, type Network, type TestnetNode } from './layout.ts';
import { runningProcess } from './nodes.ts';

/** Milliseconds for a node to answer; they are on this machine. */
const ANSWER_MS = 2_000;

export interface Observation {
  readonly node: TestnetNode;
  readonly running: boolean;
  /** Undefined when it does not run, or does not answer. */
  readonly status: StatusJson | undefined;
}

/** One attempt: a node that does not answer now is told as such. */
export const clientOfNode = (node: TestnetNode): Client =>
  new Client({ urls: [httpUrl(node)], timeoutMs: ANSWER_MS, rounds: 1 });

export function observe(dir: string, network: Network): Promise<readonly Observation[]> {
  return Promise.all(
    network.nodes.map(async (node) => {
      const running = runningProcess(dir, node.index) !== undefined;
      const status = running ? await statusOf(node, network.chainId) : undefined;
      return { node, running, status };
    }),
  );
}

/** Undefined also for another node that took the port meanwhile. */
async function statusOf(node: TestnetNode, chainId: string): Promise<StatusJson | undefined> {
  try {
    const status = await clientOfNode(node).status();
    return status.chainId === chainId && status.index === node.index ? status : undefined;
  } catch (error) {
    if (error instanceof ClientError) return undefined;
    throw error;
  }
}

/** Whether all nodes that answer have the same block at their lowest certified height. */
export async function agreed(observations: readonly Observation[]): Promise<boolean> {
  const answering = observations.flatMap(({ node, status }) => (status === undefined ? [] : [{ node, status }]));
  const lowest = Math.min(...answering.map(({ status }) => status.certifiedHeight));
  // Nobody answers, or somebody has only the genesis, on which they agree by having the same chain id.
  if (!Number.isFinite(lowest) || lowest === 0) return true;
  const hashes = await Promise.all(
    answering.map(async ({ node, status }) =>
      status.certifiedHeight === lowest ? status.blockHash : (await clientOfNode(node).block(lowest)).hash,
    ),
  );
  return new Set(hashes).size === 1;
}

/** What a validator was caught at. */
export interface Caught {
  /** Null: a peer that is no validator, or could not be told. */
  readonly validator: number | null;
  readonly code: string;
  /** How often, by the node that saw it most. */
  readonly count: number;
  /** The newest, in words. */
  readonly last: string;
  /** Which nodes say so. */
  readonly by: readonly number[];
}

/** What honest nodes say; a liar's word about others counts for nothing. */
export function caught(observations: readonly Observation[]): readonly Caught[] {
  const found = new Map<string, Caught>();
  const add = (by: number, validator: number | null, code: string, count: number, last: string) => {
    const key = `${validator}/${code}`;
    const before = found.get(key);
    const more = before === undefined || count > before.count;
    found.set(key, {
      validator,
      code,
      count: more ? count : before.count,
      last: more ? last : before.last,
      by: [...(before?.by ?? []), by],
    });
  };
  for (const { node, status } of observations) {
    if (status === undefined || node.byzantine !== undefined) continue;
    for (const { validator, code, count, last } of status.misbehaviour) add(node.index, validator, code, count, last);
    for (const [validator, offences] of byValidator(status.offences)) {
      const newest = offences.at(-1);
      if (newest === undefined) continue;
      const last = `two different ${newest.kind} messages at height ${newest.height}, view ${newest.view}; both are in /v1/offences`;
      add(node.index, validator, 'EQUIVOCATION', offences.length, last);
    }
  }
  return [...found.values()];
}

function byValidator(offences: StatusJson['offences']): ReadonlyMap<number, StatusJson['offences']> {
  return Map.groupBy(offences, ({ validator }) => validator);
}
