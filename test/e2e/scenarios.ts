/** What is done to a network, and measured meanwhile. Short in the tests, again and again in the soak. */
import { setTimeout as delay } from 'node:timers/promises';
import { ROUTES } from '../../src/api/routes.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { commonHistory, type History } from './history.ts';
import type { SteadyLoad } from './load.ts';
import type { Books, Town } from './people.ts';
import { ALL, allBut, type Validators } from './validators.ts';
import { FinalityWatch } from './watch.ts';

/** Payments before and after each blow. */
const SOME = 60;
const ANSWER_MS = 30_000;

export async function primaryOf(validators: Validators): Promise<number> {
  return (await validators.from(0).status()).primary;
}

/** Kills a node under load and starts it again. `gapMs`: the longest time without a final block, as any of the others saw it. */
export async function killOne(
  validators: Validators,
  load: SteadyLoad,
  victim: number,
  when: 'later' | 'at once' = 'later',
): Promise<{ readonly gapMs: number; readonly catchUpMs: number }> {
  const survivors = allBut(victim);
  const watches = ALL.map((index) => new FinalityWatch(validators.only(index)));
  await load.more(SOME);
  const killedMs = performance.now();
  await validators.kill([victim]);
  if (when === 'later') await load.more(2 * SOME);
  await validators.start(victim);
  const startedMs = performance.now();
  const heights = await Promise.all(
    survivors.map(async (index) => (await validators.only(index).status()).certifiedHeight),
  );
  await untilHeight(validators, victim, Math.max(...heights));
  const caughtUpMs = performance.now();
  await load.more(SOME);
  const gaps = survivors.map((index) => present(watches[index], 'a watch').longestGap(killedMs, performance.now()));
  await Promise.all(watches.map((watch) => watch.stop()));
  await requireHeard(validators, watches);
  return { gapMs: Math.max(...gaps), catchUpMs: caughtUpMs - startedMs };
}

export function untilHeight(validators: Validators, index: number, height: number): Promise<unknown> {
  return validators.until(
    `node ${index} at height ${height}`,
    () => validators.only(index).status(),
    ({ certifiedHeight }) => certifiedHeight >= height,
    ANSWER_MS,
  );
}

/** What any node reported as final is final on all, and was reported in order, without a gap. */
async function requireHeard(validators: Validators, watches: readonly FinalityWatch[]): Promise<void> {
  const last = Math.max(0, ...watches.map(({ heard }) => heard.at(-1)?.height ?? 0));
  await Promise.all(ALL.map((index) => untilHeight(validators, index, last)));
  const { blocks } = await commonHistory(validators);
  for (const { heard } of watches) {
    invariant(heard.length > 0, 'nothing was heard');
    for (const [position, { height, hash }] of heard.entries()) {
      invariant(height === present(heard[0], 'a block').height + position, 'a block was not reported', { height });
      invariant(blocks[height - 1] === hash, 'a block that was reported as final is another one now', { height });
    }
  }
}

/** Stops the whole network under load, in order or by SIGKILL to all at once, and brings it back. */
export async function stopAll(
  validators: Validators,
  load: SteadyLoad,
  how: 'down' | 'kill',
): Promise<{ readonly kept: number; readonly resumeMs: number }> {
  const watches = ALL.map((index) => new FinalityWatch(validators.only(index)));
  await load.more(SOME);
  if (how === 'down') await validators.down();
  else await validators.kill(ALL);
  await Promise.all(watches.map((watch) => watch.stop()));
  const kept = load.acknowledged.length;
  await validators.up();
  const upMs = performance.now();
  await load.more(SOME);
  const resumeMs = performance.now() - upMs;
  await requireHeard(validators, watches);
  return { kept, resumeMs };
}

/** Kills all, starts them, kills them while they start, and brings them back. */
export async function killStarting(validators: Validators, load: SteadyLoad, afterMs: number): Promise<void> {
  await load.more(SOME);
  await validators.kill(ALL);
  // It fails, as it should: a node that it waits for is gone.
  const starting = validators.up().catch(() => undefined);
  await delay(afterMs);
  await validators.kill(validators.running());
  await starting;
  await validators.up();
  await load.more(SOME);
}

/** Kills a node under load again and again, each time so long after it answers. Then it has to catch up. */
export async function killOften(
  validators: Validators,
  load: SteadyLoad,
  victim: number,
  livesMs: readonly number[],
): Promise<void> {
  for (const lifeMs of livesMs) {
    await validators.kill([victim]);
    await load.more(SOME);
    await validators.start(victim);
    await delay(lifeMs);
  }
  const [height] = await Promise.all([validators.from(victim + 1).status(), load.more(SOME)]);
  await untilHeight(validators, victim, height.certifiedHeight);
}

/** Kills two of four, holds for a while, and brings back the first. `resumeMs`: from the moment when a node sees a quorum to
 *  the first final block. */
export async function loseQuorum(
  validators: Validators,
  { books, people }: Town,
  [first, second]: readonly [number, number],
  holdMs: number,
): Promise<{ readonly detail: string; readonly resumeMs: number }> {
  const survivors = allBut(first, second);
  await validators.kill([first, second]);
  const detail = await untilNotReady(validators, survivors, [first, second]);
  const watches = survivors.map((index) => new FinalityWatch(validators.only(index)));
  const [payer, payee] = [present(people[0], 'somebody'), present(people[1], 'somebody')];
  const waiting = survivors.map(() => books.pay(payer, payee.address, 1n));
  for (const [position, { bytes }] of waiting.entries()) {
    const { status } = await validators.only(present(survivors[position], 'a survivor')).submit(bytes, 500);
    invariant(status === 'pending', 'a payment is answered without a quorum', { status });
  }
  await delay(holdMs);
  invariant(
    watches.every(({ heard }) => heard.length === 0),
    'a block became final without a quorum',
  );

  const reached = Promise.race(survivors.map((index) => untilQuorum(validators, index)));
  await Promise.all([validators.start(first), reached]);
  const backMs = await reached;
  const resumedMs = Math.min(...(await Promise.all(watches.map((watch) => watch.firstAfter(0, ANSWER_MS)))));
  for (const { id } of waiting) {
    const { status } = await validators.only(first).waitFor(id, ANSWER_MS);
    invariant(status === 'committed', 'what waited for the quorum is not committed', { id, status });
  }
  await untilReady(validators, [...survivors, first]);
  await Promise.all(watches.map((watch) => watch.stop()));
  await validators.start(second);
  await untilReady(validators, ALL);
  await requireHeard(validators, watches);
  return { detail, resumeMs: resumedMs - backMs };
}

/** By performance.now(), when the node first says that it sees a quorum. */
async function untilQuorum(validators: Validators, index: number): Promise<number> {
  await validators.until(
    'a quorum again',
    () => validators.only(index).status(),
    ({ quorum }) => quorum.met,
    ANSWER_MS,
  );
  return performance.now();
}

/** What one of them says is missing, when all of them say that they are not ready and name everybody who is. */
async function untilNotReady(
  validators: Validators,
  nodes: readonly number[],
  missing: readonly number[],
): Promise<string> {
  let said = '';
  for (const index of nodes) {
    const { validators: known } = await validators.only(index).status();
    const names = missing.map((each) => present(known[each], 'a validator').name);
    await validators.until(
      `node ${index} is not ready for want of ${names.join(' and ')}`,
      () => validators.only(index).ready(),
      ({ ready, reasons }) => {
        const reason = reasons.find(({ code }) => code === 'QUORUM_MISSING');
        said = reason?.detail ?? '';
        return !ready && names.every((name) => said.includes(name));
      },
    );
    invariant((await validators.httpStatus(index, ROUTES.readyz)) === 503, 'a load balancer is not told', { index });
  }
  return said;
}

async function untilReady(validators: Validators, nodes: readonly number[]): Promise<void> {
  for (const index of nodes) {
    const ask = () => validators.only(index).ready();
    await validators.until(`node ${index} is ready`, ask, ({ ready }) => ready, ANSWER_MS);
  }
}

/** Ends a load and looks at the whole: all nodes have one history; in it is every payment that was signed, once, and what was
 *  acknowledged stands where it was said to stand; everybody's balance follows from that. */
export async function requireWhole(validators: Validators, town: Town, load: SteadyLoad): Promise<History> {
  await load.stop();
  await untilAllHave(validators, town.books);
  const history = await commonHistory(validators);
  load.requireKept(history);
  requireExactly(history, town.books);
  await town.books.requireBalances(validators, town.supply);
  return history;
}

/** The transactions of the history are those that were signed, and all of them did what they say. */
export function requireExactly(history: History, { ids }: Books): void {
  for (const [id, { code, height }] of history.places) {
    invariant(ids.has(id), 'a transaction that nobody signed is committed', { id, height });
    invariant(code === 'OK', 'a transaction failed', { id, height, code });
  }
  const missing = [...ids].filter((id) => !history.places.has(id));
  invariant(missing.length === 0, 'signed transactions are missing', { count: missing.length, first: missing[0] });
}

/** What is final on one node is not at once on all. */
async function untilAllHave(validators: Validators, { ids }: Books): Promise<void> {
  const newest = present([...ids].at(-1), 'a transaction');
  for (const index of ALL) {
    const status = await validators.only(index).waitFor(newest, ANSWER_MS);
    invariant(status.status === 'committed', 'a node lacks the newest transaction', { index, status: status.status });
    await untilHeight(validators, index, (await validators.from(0).status()).certifiedHeight);
  }
}
