/** What the nodes of a testnet say of themselves and of one another. */
import type { StatusJson } from '../../api/status.ts';
import { present } from '../../base/invariant.ts';
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

/**
 * Whether the honest nodes that answer have one chain; a liar's word counts for nothing. Each is asked for the block at the head
 * of the one below it: a block names all before it, so this compares every height that two of them have.
 */
export async function agreed(observations: readonly Observation[]): Promise<boolean> {
  const byHeight = observations
    .flatMap(({ node, status }) => (status === undefined || node.byzantine !== undefined ? [] : [{ node, status }]))
    .toSorted((a, b) => a.status.certifiedHeight - b.status.certifiedHeight);
  const same = await Promise.all(
    byHeight.slice(1).map(async ({ node, status }, position) => {
      const { certifiedHeight: height, blockHash } = present(byHeight[position], 'the one below').status;
      // Of the genesis they have the same, by having the same chain id.
      if (height === 0) return true;
      const hash = status.certifiedHeight === height ? status.blockHash : (await clientOfNode(node).block(height)).hash;
      return hash === blockHash;
    }),
  );
  return same.every(Boolean);
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
      const { kind, height, view } = newest;
      const what = kind === 'amnesia' ? 'a VIEW-CHANGE that hides its own COMMIT' : `two different ${kind} messages`;
      const last = `${what} at height ${height}, view ${view}; both are in /v1/offences`;
      add(node.index, validator, kind === 'amnesia' ? 'AMNESIA' : 'EQUIVOCATION', offences.length, last);
    }
  }
  return [...found.values()];
}

function byValidator(offences: StatusJson['offences']): ReadonlyMap<number, StatusJson['offences']> {
  return Map.groupBy(offences, ({ validator }) => validator);
}
