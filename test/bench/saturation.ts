/** The network under all the load it takes: what it commits, what that costs, and how long a client then waits. */
import { formatEventId } from '../../src/api/events.ts';
import { present } from '../../src/base/invariant.ts';
import { Client } from '../../src/client/client.ts';
import { allAtOnce, type BenchClient } from './clients.ts';
import { type Batch, Load } from './load.ts';
import { between, type Measured, Meter } from './meter.ts';
import type { BenchNetwork } from './network.ts';
import type { Poster } from './post.ts';

/** Milliseconds under load before the measurement: the runtime compiles what is hot meanwhile. */
export const WARM_UP_MS = 5_000;
/** Milliseconds, beyond those of the run, after which a network that commits too little is given up. */
const SPARE_MS = 30_000;

interface Workload {
  readonly network: BenchNetwork;
  readonly posters: readonly Poster[];
  /** For each validator. */
  readonly batches: readonly (readonly Batch[])[];
  /** They begin with the measurement. */
  readonly clients: readonly BenchClient[];
  readonly seconds: number;
}

export interface Saturation {
  readonly measured: Measured;
  /** Milliseconds of the commits of single clients under load. */
  readonly latencies: readonly number[];
  /** Transactions that validators refused, by code. */
  readonly refused: ReadonlyMap<string, number>;
  /** Transactions that became final, those before and after the measurement among them. */
  readonly committed: number;
}

/** Warms up, measures for so long or until the batches are used up, and waits until all that was accepted is committed.
 *  Throws the signal's reason, TimeoutError, and what a validator answered that is no acceptance. */
export async function saturate(workload: Workload, signal: AbortSignal): Promise<Saturation> {
  const { network, posters, batches, clients, seconds } = workload;
  const failure = new AbortController();
  const tooLong = AbortSignal.timeout(WARM_UP_MS + seconds * 1000 + SPARE_MS);
  const giveUp = AbortSignal.any([signal, failure.signal, tooLong]);
  const enough = new AbortController();
  const whileLoading = AbortSignal.any([enough.signal, giveUp]);
  const orFail = <T>(running: Promise<T>): Promise<T> => {
    running.catch((error: unknown) => failure.abort(error));
    return running;
  };

  const load = new Load();
  const meter = new Meter(network.nodes.map(({ pid }) => pid));
  const blocks = await newBlocks(network, giveUp);
  const follow = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      const { value: transactions } = await blocks.next();
      giveUp.throwIfAborted();
      meter.count(transactions ?? 0);
      load.blockCommitted(transactions ?? 0);
    }
  };
  const followFor = async (milliseconds: number): Promise<void> => {
    const end = performance.now() + milliseconds;
    await follow(() => load.exhausted || performance.now() >= end);
  };

  const sending = orFail(load.run(batches, posters, whileLoading));
  await followFor(WARM_UP_MS);
  if (load.exhausted) throw new Error('all transfers were used up while the network warmed up');
  const start = meter.read();
  const waiting = orFail(allAtOnce(clients, whileLoading));
  await followFor(seconds * 1000);
  const end = meter.read();
  enough.abort();
  const [latencies] = await Promise.all([waiting, sending]);
  await follow(() => load.committed >= load.accepted + latencies.length);
  return { measured: between(start, end), latencies, refused: load.refused, committed: load.committed };
}

/** How many transactions each block has that becomes final from now on. */
async function newBlocks(network: BenchNetwork, signal: AbortSignal): Promise<AsyncGenerator<number, undefined>> {
  const client = new Client({ urls: [present(network.nodes[0], 'a validator').url] });
  const { height, transactions } = await client.block('latest');
  const after = formatEventId(height, transactions.length);
  return (async function* () {
    for await (const event of client.events({ types: ['block'], after, signal })) {
      if (event.kind === 'block') yield event.block.transactions;
    }
    return undefined;
  })();
}
