/** `npm run soak -- --floods`: how the honest get on while one validator, or its clients, ask for more than their share. */
import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BATCH_MEDIA_TYPE, batchCodec, SSZ_MEDIA_TYPE } from '../../src/api/batch.ts';
import { BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { submitPath } from '../../src/api/routes.ts';
import type { TransactionStatus } from '../../src/api/transaction.ts';
import { type Hash, hash } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { runningProcess } from '../../src/cli/testnet/nodes.ts';
import { Client } from '../../src/client/client.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { STATE_CACHE } from '../../src/driver/state/limits.ts';
import { type BenchAccount, makeAccounts } from '../bench/accounts.ts';
import { Poster } from '../bench/post.ts';
import { quantile } from '../bench/statistics.ts';
import { statusOf } from '../e2e/honest.ts';
import { readLog } from '../e2e/log.ts';
import { TestnetFolder, type Up } from '../e2e/trefoil.ts';
import { crowd, fund } from './crowd.ts';
import { answerBytesMax, FLOODER, type FloodKind, isNamed, type LargeBlock, VALIDATORS } from './flood-kinds.ts';
import type { FloodOrder, FloodSent } from './flooder.ts';
import { diskMib, nextOf, pin } from './machine.ts';
import { heldMib, Memory, nodesCollectWhenTold } from './memory.ts';

/** A flood may make commits so many times slower than they are in calm, and take so much more memory. */
const SLOWER_MAX = 3;
const GROWTH_MIB_MAX = 100;

/** How much longer blocks may take that make accounts than those that pay known ones. */
const GROWING_SLOWER_MAX = 2;
/** What a node may remember of the state. */
const CACHE_MIB = (STATE_CACHE.entryBytes + STATE_CACHE.nodeBytes) / 1024 / 1024;

/** Without it and the flooder there is no quorum. */
const AWAY = 2;
/** Of the one large block: what the development network's weight allows. */
const LARGE = 2_000;
/** Somebody pays all the time, one payment after so many milliseconds, and waits for it so long. */
const PAY_EVERY_MS = 250;
const WAIT_MS = 30_000;
/** Of each account that sends something. */
const FUNDS = 1_000_000n;
/** The flood has begun by then. */
const HEAD_START_MS = 2_000;
const CONNECTIONS = 64;
/** On one core, where the system can do that, so that they have less time than who floods them. */
const HONEST_CORE = 0;
const OUR_CORE = 1;

/** Their client sends as much as there is room for in blocks: the honest wait as long as full blocks take. That is told and not judged, since
 *  it is the load's, but views must not time out; and what is judged is that full blocks take as long whomever they pay. */
const PAYING: ReadonlySet<FloodKind> = new Set(['payments', 'new-accounts']);

const PROCESS = fileURLToPath(new URL('./flooder.ts', import.meta.url));

export interface FloodReport extends FloodSent {
  readonly kind: FloodKind;
  /** Of the largest block, which is asked for. */
  readonly transactions: number;
  readonly payments: number;
  readonly failures: number;
  /** From submission to finality, milliseconds. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly maxMs: number;
  /** p50 by that of the calm; null for the calm itself. */
  readonly slower: number | null;
  /** How often honest nodes asked for another view. */
  readonly viewChanges: number;
  /** Of the honest node that grew most, from before the flood to its highest. */
  readonly growthMib: number;
  /** That by which it grew more than in the calm; null for the calm itself. */
  readonly extraMib: number | null;
  /** What is in use in the honest node that uses most when the flood ends and garbage is collected: what the flood made it hold. */
  readonly heldMib: number;
  /** That by which it is more than in the calm; null for the calm itself. */
  readonly extraHeldMib: number | null;
  /** Of one honest node's folder, from before the flood to its end. */
  readonly diskMib: number;
  /** Honest nodes whose /v1/status names the flooder, and what for. */
  readonly namedBy: readonly number[];
  readonly codes: readonly string[];
  /** What is not as it has to be; empty when all is well. */
  readonly wrong: readonly string[];
}

type Measured = Omit<FloodReport, 'slower' | 'extraMib' | 'extraHeldMib' | 'wrong'>;

export interface FloodsRequest {
  readonly seconds: number;
  readonly kinds: readonly FloodKind[];
}

/** The calm first, against which the others are held; each kind on a network of its own. */
export async function soakFloods(
  { seconds, kinds }: FloodsRequest,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<readonly FloodReport[]> {
  installNodeSha256();
  nodesCollectWhenTold();
  const reports: FloodReport[] = [];
  let calm: Measured | undefined;
  for (const kind of new Set<FloodKind>(['idle', ...kinds])) {
    if (signal.aborted) break;
    const measured = await flood(kind, seconds, signal);
    calm ??= measured;
    const report = judged(measured, calm, seconds);
    const known = reports.find((each) => each.kind === 'payments');
    if (kind === 'new-accounts' && known !== undefined && measured.p50Ms > GROWING_SLOWER_MAX * known.p50Ms)
      report.wrong.push(`blocks take more than ${GROWING_SLOWER_MAX} times as long as those that make nothing`);
    reports.push(report);
    say(told(report));
  }
  return reports;
}

function judged(measured: Measured, calm: Measured, seconds: number): FloodReport & { readonly wrong: string[] } {
  const { kind, p50Ms, viewChanges, failures, namedBy, growthMib } = measured;
  const isCalm = measured === calm;
  const slower = isCalm ? null : p50Ms / calm.p50Ms;
  const extraMib = isCalm ? null : growthMib - calm.growthMib;
  const extraHeldMib = isCalm ? null : measured.heldMib - calm.heldMib;
  const wrong: string[] = [];
  if (!(p50Ms > 0)) wrong.push('nothing was committed');
  if (slower !== null && slower > SLOWER_MAX && !PAYING.has(kind))
    wrong.push(`commits take more than ${SLOWER_MAX} times as long`);
  if (failures > 0) wrong.push(`${failures} payments were not final in time`);
  if (viewChanges > 0) wrong.push('honest nodes asked for another view');
  const mibMax = GROWTH_MIB_MAX + (PAYING.has(kind) ? CACHE_MIB : 0);
  if (extraMib !== null && extraMib > mibMax) wrong.push(`more than ${mibMax} MiB more memory`);
  if (extraHeldMib !== null && extraHeldMib > mibMax) wrong.push(`more than ${mibMax} MiB more are held`);
  const floods = isNamed(kind);
  if (floods && namedBy.length < VALIDATORS - 1) wrong.push('not every honest node names the flooder');
  if (floods && measured.receivedBytes > (VALIDATORS - 1) * answerBytesMax(seconds))
    wrong.push('the flooder gets the same again too often');
  if (!floods && namedBy.length > 0) wrong.push('a peer that only listens is named');
  if (PAYING.has(kind) && measured.paid === 0) wrong.push('the flood paid nobody');
  return { ...measured, slower, extraMib, extraHeldMib, wrong };
}

const told = (report: FloodReport): string => {
  const { kind, p50Ms, p90Ms, maxMs, slower, viewChanges, growthMib, extraMib, codes, namedBy, wrong } = report;
  const times = slower === null ? '' : ` (${slower.toFixed(1)} × calm)`;
  const latency = `p50 ${p50Ms.toFixed(0)} ms${times}, p90 ${p90Ms.toFixed(0)}, longest ${maxMs.toFixed(0)}`;
  const cut = report.cutOff === 0 ? '' : `, cut off ${report.cutOff} times`;
  const named = namedBy.length === 0 ? '' : `, named by ${namedBy.join(' ')} for ${codes.join(' ')}`;
  const answers = Object.entries(report.answers).map(([status, count]) => `${count} × ${status}`);
  const asked = `, answers for a block of ${report.transactions} transactions `;
  const paid = report.paid === 0 ? '' : `, ${report.paid} payments final, disk grew ${report.diskMib.toFixed(0)} MiB`;
  const read = answers.length === 0 ? '' : `${asked}${answers.join(', ')}`;
  const verdict = wrong.length === 0 ? 'PASS' : `FAIL: ${wrong.join('; ')}`;
  const held = `${report.heldMib.toFixed(0)} in use then${signed(report.extraHeldMib)}`;
  const memory = `grew ${growthMib.toFixed(0)} MiB${signed(extraMib)}, ${held}`;
  const sent = `sent ${toMib(report.sentBytes)} MiB, got ${toMib(report.receivedBytes)}`;
  const seen = `${viewChanges} view changes; ${memory}; ${sent}${cut}${named}${read}${paid}`;
  return `${kind}: ${latency}; ${seen}\n        ${verdict}`;
};

/** Beside a number of MiB. */
const signed = (extraMib: number | null): string =>
  extraMib === null ? '' : ` (${extraMib >= 0 ? '+' : ''}${extraMib.toFixed(0)} to calm)`;

const toMib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

async function flood(kind: FloodKind, seconds: number, signal: AbortSignal): Promise<Measured> {
  await using folder = new TestnetFolder();
  const up = await folder.json<Up>('testnet', 'up', '--detach');
  const chainId = hash(up.chainId);
  const urls = up.nodes.filter(({ index }) => index !== FLOODER).map(({ http }) => http);
  const payers = makeAccounts(LARGE + Math.ceil((1000 * seconds) / PAY_EVERY_MS), await selectEd25519());
  const posters = urls.map((url) => new Poster(url, CONNECTIONS));
  await folder.json('testnet', 'kill', String(FLOODER));
  const ed25519 = await selectEd25519();
  const client = new Client({ urls: [present(urls[0], 'a node')] });
  const funded = [...payers, ...crowd(ed25519)].map(({ address }) => address);
  await fund(chainId, funded, FUNDS, present(posters[0], 'a poster'), client, ed25519);
  const block = await largeBlock(folder, chainId, present(urls[0], 'a node'), payers.slice(0, LARGE), posters);
  const honest = urls.map((_, index) => ({ index, pid: present(runningProcess(folder.dir, index), 'a node').pid }));
  const flooder = fork(PROCESS);
  try {
    await nextOf<'ready'>(flooder);
    for (const { pid } of honest) pin(pid, HONEST_CORE);
    for (const pid of [flooder.pid, process.pid]) if (pid !== undefined) pin(pid, OUR_CORE);
    const logged = () => honest.map(({ index }) => readLog(folder.dir, index));
    const before = logged();
    const memory = new Memory(honest);
    const diskBefore = diskMib(folder.dir);
    const sending = nextOf<FloodSent>(flooder);
    flooder.send({ kind, seconds, dir: folder.dir, chainId, urls, block } satisfies FloodOrder);
    await delay(HEAD_START_MS);
    const paid = await pay(chainId, payers.slice(LARGE), posters, 1000 * seconds - HEAD_START_MS, signal);
    const growthMib = memory.stop();
    const held = await heldMib(folder.dir, honest);
    const sent = await sending;
    const viewChanges = logged()
      .flatMap((lines, i) => lines.slice(before[i]?.length))
      .filter((line) => line.kind === 'view-change-started').length;
    return {
      kind,
      transactions: block.transactions,
      ...paid,
      viewChanges,
      growthMib,
      heldMib: held,
      diskMib: diskMib(folder.dir) - diskBefore,
      ...(await namedFor(urls)),
      ...sent,
    };
  } finally {
    flooder.kill();
    for (const poster of posters) poster.close();
  }
}

/** The largest block that comes of so many payments at once. There is no quorum when they are made, so that they pile up. */
async function largeBlock(
  folder: TestnetFolder,
  chainId: Hash,
  url: string,
  payers: readonly BenchAccount[],
  posters: readonly Poster[],
): Promise<LargeBlock> {
  await folder.json('testnet', 'kill', String(AWAY));
  const signed = payers.map((payer) => payer.transfer(chainId, payer.address));
  const poster = present(posters[0], 'a poster');
  const batches = Array.from({ length: Math.ceil(signed.length / BATCH_TRANSACTIONS_MAX) }, (_, i) =>
    batchCodec.encode(signed.slice(i * BATCH_TRANSACTIONS_MAX, (i + 1) * BATCH_TRANSACTIONS_MAX)),
  );
  await Promise.all(batches.map((batch) => poster.post(submitPath(), BATCH_MEDIA_TYPE, batch)));
  await folder.json('testnet', 'start', String(AWAY));
  const client = new Client({ urls: [url] });
  const deadline = performance.now() + WAIT_MS;
  while ((await client.status()).mempool.size > 0) {
    invariant(performance.now() < deadline, 'the payments of the large block are final in time');
    await delay(PAY_EVERY_MS);
  }
  const { certifiedHeight } = await client.status();
  const heights = Array.from({ length: certifiedHeight }, (_, i) => i + 1);
  const blocks = await Promise.all(heights.map((height) => client.block(height)));
  const largest = blocks.toSorted((a, b) => b.transactions.length - a.transactions.length)[0];
  const { height, header, transactions } = present(largest, 'a block');
  return { height, bodyHash: header.bodyHash, transactions: transactions.length };
}

/** One payment after the other, in turn through all honest nodes, whatever becomes of those before. */
async function pay(
  chainId: Hash,
  payers: readonly BenchAccount[],
  posters: readonly Poster[],
  ms: number,
  signal: AbortSignal,
): Promise<Pick<Measured, 'payments' | 'failures' | 'p50Ms' | 'p90Ms' | 'maxMs'>> {
  const latencies: number[] = [];
  const paying: Promise<void>[] = [];
  let failures = 0;
  const payOnce = async (payer: BenchAccount, poster: Poster): Promise<void> => {
    const atMs = performance.now();
    const signed = payer.transfer(chainId, payer.address);
    const answer = await poster.post(submitPath(WAIT_MS), SSZ_MEDIA_TYPE, signed).catch(() => undefined);
    const isFinal = (answer as TransactionStatus | undefined)?.status === 'committed';
    if (isFinal) latencies.push(performance.now() - atMs);
    else failures += 1;
  };
  const endMs = performance.now() + ms;
  for (const [number, payer] of payers.entries()) {
    if (performance.now() >= endMs || signal.aborted) break;
    paying.push(payOnce(payer, present(posters[number % posters.length], 'a poster')));
    await delay(PAY_EVERY_MS);
  }
  await Promise.all(paying);
  const [p50Ms, p90Ms, maxMs] = [0.5, 0.9, 1].map((part) => quantile(latencies, part));
  return { payments: latencies.length, failures, p50Ms: p50Ms ?? 0, p90Ms: p90Ms ?? 0, maxMs: maxMs ?? 0 };
}

async function namedFor(urls: readonly string[]): Promise<Pick<Measured, 'namedBy' | 'codes'>> {
  const statuses = await Promise.all(urls.map(statusOf));
  const named = statuses.map(({ misbehaviour }) => misbehaviour.filter(({ validator }) => validator === FLOODER));
  const accused = statuses.flatMap(({ misbehaviour }) => misbehaviour.map(({ validator }) => validator));
  invariant(
    accused.every((validator) => validator === FLOODER),
    'an honest validator is named',
    { accused: accused.join() },
  );
  return {
    namedBy: named.flatMap((entries, index) => (entries.length > 0 ? [index] : [])),
    codes: [...new Set(named.flat().map(({ code }) => code))],
  };
}
