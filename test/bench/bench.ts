/** The whole of a bench, from an empty folder to its figures. */
import type { Address } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { makeAccounts } from './accounts.ts';
import { NEWCOMERS, PAYERS, payNewcomers } from './newcomers.ts';
import { freePart, VerificationBound } from './bound.ts';
import { BenchClient, oneAtATime } from './clients.ts';
import { signBatches } from './load.ts';
import { type BenchNetwork, startNetwork } from './network.ts';
import { Poster } from './post.ts';
import type { Figures } from './report.ts';
import { saturate, WARM_UP_MS } from './saturation.ts';
import { latencyOf, mean } from './statistics.ts';
import { peakMemoryOf } from './usage.ts';

/** Milliseconds over which the verification bound is measured. */
const BOUND_MS = 2_000;
/** Milliseconds over which it is estimated, to know how many transfers to sign. */
const ESTIMATE_MS = 300;
/** Transfers of one client that are measured, after some that are not. */
const ALONE = 300;
const ALONE_BEFORE = 100;
/** Clients that submit one at a time beside the load, so that there is a 99th percentile. */
const CLIENTS = 64;

export interface BenchOptions {
  /** Of the measurement under load. */
  readonly seconds: number;
  /** That the load is from. */
  readonly accounts: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Throws what startNetwork and saturate do. Nothing is left, whatever happens. */
export async function runBench(options: BenchOptions): Promise<Figures> {
  await using cleanup = new AsyncDisposableStack();
  const { seconds, signal, progress } = options;
  const bound = await VerificationBound.start();
  cleanup.defer(() => bound.stop());
  const ed25519 = await selectEd25519();
  const accounts = makeAccounts(options.accounts, ed25519);
  const loading = accounts.slice(CLIENTS, -PAYERS);
  const addresses = accounts.map(({ address }) => address);

  progress('Starting four validators …');
  const network = await startNetwork(addresses, signal);
  cleanup.defer(() => network.stop());
  const posters = network.nodes.map(({ url }) => new Poster(url, CLIENTS));
  cleanup.defer(() => {
    for (const poster of posters) poster.close();
  });
  const clients = accounts
    .slice(0, CLIENTS)
    .map((account, i) => clientOf(network, account, present(posters[i % posters.length], 'a poster'), addresses));

  const needed = Math.ceil(((await bound.estimate(ESTIMATE_MS)) * (WARM_UP_MS + seconds * 1000)) / 1000);
  progress(`Signing ${needed} transfers from ${loading.length} accounts …`);
  const batches = signBatches(loading, network.chainId, posters.length, needed);
  progress(`One client, ${ALONE} transfers one after the other …`);
  await oneAtATime(clients.slice(0, posters.length), ALONE_BEFORE, signal);
  const alone = await oneAtATime(clients.slice(0, posters.length), ALONE, signal);
  progress(`${NEWCOMERS} new accounts …`);
  const newcomersMs = await payNewcomers(accounts.slice(-PAYERS), posters, network.chainId);
  const diskBefore = network.diskBytes();
  progress('Verification bound …');
  const before = await bound.measure(BOUND_MS);
  progress(`All accounts, ${WARM_UP_MS / 1000} s to warm up and ${seconds} s that count …`);
  const { measured, latencies, refused, committed } = await saturate(
    { network, posters, batches, clients, seconds },
    signal,
  );
  const diskBytes = (network.diskBytes() - diskBefore) / committed;
  // Before one of them is started again, as another process.
  const memoryPeakBytes = network.nodes.map(({ pid }) => peakMemoryOf(pid));
  progress('Verification bound again …');
  const after = await bound.measure(BOUND_MS);

  const boundPerSecond = mean([before.perSecond, after.perSecond]);
  const committedPerSecond = measured.transactions / measured.seconds;
  const cpuMicrosPerVerification = mean([before.cpuMicrosPerVerification, after.cpuMicrosPerVerification]);
  const validators = measured.cpuMicros.map((micros) => micros / measured.transactions);
  const load = measured.ownCpuMicros / measured.transactions;
  return {
    backend: ed25519.name,
    accounts: options.accounts,
    seconds: measured.seconds,
    blocks: measured.blocks,
    transactions: measured.transactions,
    refused: Object.fromEntries(refused),
    agreed: await network.agreed(),
    verificationBound: { before: before.perSecond, after: after.perSecond, mean: boundPerSecond },
    committedPerSecond,
    ratio: committedPerSecond / boundPerSecond,
    ratioByProcessorTime: cpuMicrosPerVerification / (mean(validators) + load / validators.length),
    freePart: Math.min(freePart(before), freePart(after)),
    latencyMs: { oneClient: latencyOf(alone), saturated: latencyOf(latencies) },
    cpuMicrosPerVerification,
    cpuMicrosPerTransaction: { validators, load },
    diskBytesPerTransaction: diskBytes,
    newcomersMs,
    restartMs: await network.restart(posters.length - 1),
    memoryPeakBytes,
  };
}

function clientOf(
  network: BenchNetwork,
  account: ConstructorParameters<typeof BenchClient>[0],
  poster: Poster,
  addresses: readonly Address[],
): BenchClient {
  return new BenchClient(account, poster, network.chainId, present(addresses[0], 'an account'));
}
