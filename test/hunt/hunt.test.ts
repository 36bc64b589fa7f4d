import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { faults } from '../../src/simulator/faults/faults.ts';
import { scenarioOf } from '../../src/simulator/search/scenario.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { Coverage } from './coverage.ts';
import { formatPlan, parsePlan, type Plan } from '../../src/strategies/plans/plan.ts';
import { mutated, randomPlan } from '../../src/strategies/plans/planner.ts';
import { Random } from '../../src/base/random.ts';
import { adversarial, climb, type Climbed, climbed } from './climb.ts';
import { Hunt } from './hunt.ts';
import { MEASURES, type MeasureName } from './measures.ts';
import { reportJson, reportText } from './report.ts';

installNodeSha256();

const MAIN = join(import.meta.dirname, 'main.ts');

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function hunt(...args: readonly string[]): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const child = execFile(process.execPath, [MAIN, '--workers', '1', ...args], (_, stdout, stderr) =>
    resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
  );
  return promise;
}

describe('what was covered', () => {
  const liar = (validator: number, strategy: string) => ({ validator, strategy });

  test('counts networks by size, and by whether all powers are the same', () => {
    const coverage = new Coverage();
    for (const powers of [
      [1n, 1n, 1n, 1n, 1n],
      [1n, 1n, 1n, 1n],
      [3n, 3n, 3n, 3n],
      [1n, 2n, 1n, 1n],
    ])
      coverage.take({ powers, liars: [], faults: ['crash'] });
    expect(coverage.sizes).toEqual([
      { validators: 4, equalPower: 2, skewedPower: 1 },
      { validators: 5, equalPower: 1, skewedPower: 0 },
    ]);
    expect(coverage.unmet.length).toBe(coverage.pairs);
  });

  test('pairs each liar with each fault of its run', () => {
    const coverage = new Coverage();
    const powers = [1n, 1n, 1n, 1n, 1n, 1n, 1n];
    coverage.take({ powers, liars: [liar(0, 'silent'), liar(4, 'equivocate')], faults: ['crash', 'skew'] });
    coverage.take({ powers, liars: [liar(2, 'silent')], faults: ['crash'] });
    expect(coverage.pairs).toBe(strategies.size * faults.size);
    expect(coverage.unmet.length).toBe(coverage.pairs - 4);
    expect(coverage.unmet).not.toContain('equivocate × skew');
    expect(coverage.unmet).toContain('equivocate × delay');
  });

  test('is everything after 10,000 seeds, most of them with a liar', () => {
    const coverage = new Coverage();
    const scenarios = Array.from({ length: 10_000 }, (_, seed) => scenarioOf(seed + 1, 60_000));
    for (const scenario of scenarios) coverage.take(scenario);
    expect(coverage.unmet).toEqual([]);
    const honest = scenarios.filter(({ liars }) => liars.length === 0).length;
    expect(honest).toBeGreaterThan(1000);
    expect(honest).toBeLessThan(2000);
    for (const size of [4, 5, 7, 10]) {
      const { equalPower, skewedPower } = coverage.sizes.find(({ validators }) => validators === size) ?? {};
      expect(equalPower).toBeGreaterThan(500);
      expect(skewedPower).toBeGreaterThan(200);
    }
  });
});

describe('the report', () => {
  const { signal } = new AbortController();
  const wanted = {
    search: 'faults',
    minutes: 1,
    firstSeed: 1,
    count: undefined,
    durationMs: 1,
    workers: 1,
    costs: true,
    signal,
  } as const;
  const { colours } = new Output({ stdout: process.stdout, stderr: process.stderr, env: { NO_COLOR: '1' } }, false);

  test('rounds down how many recovered: all but one are not all', () => {
    const hunt = new Hunt(wanted, () => undefined);
    Object.assign(hunt, { seeds: 10_000, recovered: 9999 });
    hunt.recoveriesMs.push(...Array.from({ length: 100 }, (_, index) => 1000 * (index + 1)).toReversed());
    expect(reportText(hunt, colours)).toContain(
      'recovered after the faults: 9999 of 10000 (99.9 %) · median 50.0 s · p99 99.0 s · longest 100.0 s\n',
    );
    expect(reportJson(hunt)).toMatchObject({ recovery: { medianMs: 50_000, p99Ms: 99_000, longestMs: 100_000 } });
  });

  test('names the pairs that are missing when they are few', () => {
    const hunt = new Hunt(wanted, () => undefined);
    const all = [...strategies.keys()].map((strategy, validator) => ({ validator, strategy }));
    const kinds = [...faults.keys()];
    const take = (liars: typeof all, met: readonly string[]) =>
      hunt.coverage?.take({ powers: [1n], liars, faults: met });
    take(all.slice(1), kinds);
    expect(reportText(hunt, colours)).toMatch(/ pairs of liar and fault$/m);
    take(all, kinds.slice(2));
    const { pairs = 0 } = hunt.coverage ?? {};
    const missing = `silent × ${kinds[0]}, silent × ${kinds[1]}`;
    expect(reportText(hunt, colours)).toContain(
      `${pairs - 2} of ${pairs} pairs of liar and fault; not yet: ${missing}\n`,
    );
  });
});

describe('climbing', () => {
  /** As bad as a plan keeps back messages, at one moment. */
  const toy = (plan: Plan) => ({
    plan,
    score: plan.filter(({ when, action }) => when.kind === 'edge' && action.kind === 'mute').length,
  });

  test('makes plans worse, the longer the more', () => {
    const reached = (rounds: number): number => {
      const random = new Random(1);
      return climb([randomPlan(random, true)], rounds, (plan) => mutated(plan, random, true), toy).score;
    };
    expect(reached(1)).toBe(0);
    expect(reached(300)).toBeGreaterThan(1);
    expect(reached(3000)).toBeGreaterThan(reached(300));
  });

  test('begins with the worst of what it is given', () => {
    const plans = ['always by all split to all', 'edge 1 by all mute all to all', 'edge 1 by all split to all'];
    const starts = plans.flatMap((text) => {
      const parsed = parsePlan(text);
      return parsed.ok ? [parsed.value] : [];
    });
    expect(formatPlan(climb(starts, 3, (plan) => plan, toy).plan)).toBe(plans[1]);
  });

  test('has as many liars as there may be, all of them with the plan, on networks of 4 to 16', () => {
    const sizes = new Set<number>();
    for (let seed = 1; seed <= 200; seed++) {
      const { powers, liars } = adversarial(seed, 60_000, undefined);
      sizes.add(powers.length);
      const total = powers.reduce((sum, power) => sum + power, 0n);
      const lying = liars.reduce((sum, { validator }) => sum + (powers[validator] ?? 0n), 0n);
      expect(3n * lying).toBeLessThan(total);
      const least = powers
        .filter((_, index) => liars.every(({ validator }) => validator !== index))
        .reduce((min, power) => (power < min ? power : min), total);
      expect(3n * (lying + least)).toBeGreaterThanOrEqual(total);
      expect(new Set(liars.map(({ strategy }) => strategy))).toEqual(new Set(['plan']));
    }
    expect([...sizes].sort((a, b) => a - b)).toEqual([4, 5, 6, 7, 8, 10, 13, 16]);
  });

  test.for(MEASURES)('measures %s, the same each time, and worse where liars do harm', (measure) => {
    const harm: Record<MeasureName, string> = {
      stall: 'primary by all mute pre-prepare to all',
      cost: 'always by all flood fetch-transactions 1 to all',
      memory: 'always by all flood pre-prepare 1 to all',
      blame: 'primary by all mute pre-prepare to all',
    };
    // Validator 0, the first primary, is the liar.
    const run = (start: string) =>
      climbed({ measure, seed: 8, durationMs: 4000, size: 4, rounds: 1, costs: true, start });
    const [calm, bad, again] = ['at 1000 by all split to all', harm[measure], harm[measure]].map(run);
    expect(bad?.score).toBeGreaterThan(present(calm, 'a run').score);
    expect(again).toEqual(bad);
    expect(bad?.failure).toBeNull();
    expect(bad?.command).toContain(`--byzantine`);
    expect(bad?.command).toContain(`--plan '${harm[measure]}'`);
  });
});

describe('npm run hunt', () => {
  test('says what it ran, whether all recovered, and what was covered', async () => {
    const { exitCode, stdout } = await hunt('--count', '2', '--duration', '1');
    expect(exitCode).toBe(0);
    const sizes = [1, 2].map((seed) => scenarioOf(seed, 1000).powers.length);
    expect(stdout).toMatch(/ · 2 seeds · .* · 0 failed\n/);
    expect(stdout).toMatch(/recovered after the faults: 2 of 2 \(100 %\) · median \d+\.\d s · p99 /);
    for (const size of sizes) expect(stdout).toMatch(new RegExp(`^${size} +\\d`, 'm'));
    expect(stdout).toMatch(/^\d+ of \d+ pairs of liar and fault$/m);
    expect(stdout).toMatch(/next time: --seed 3\n$/);
  });

  test('answers scripts with one JSON object', async () => {
    const { exitCode, stdout } = await hunt('--count', '1', '--duration', '0.5', '--seed', '7', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      search: 'mix',
      seeds: 1,
      failures: [],
      recovery: { expected: 1, recovered: 1 },
      coverage: { networks: [{ validators: scenarioOf(7, 500).powers.length }], pairs: strategies.size * faults.size },
      nextSeed: 8,
    });
  });

  test('mixes some fuzz into the faults, and covers with the faults alone', async () => {
    const { stdout } = await hunt('--count', '2', '--duration', '0.5', '--seed', '9', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      seeds: 2,
      coverage: { networks: [{ validators: scenarioOf(9, 500).powers.length }] },
    });
  });

  test('counts twins to their end', async () => {
    const { stdout } = await hunt('--search', 'twins', '--seed', '3599', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ seeds: 1, recovery: { recovered: 1 }, coverage: null, nextSeed: 3600 });
  });

  test('finds the worst that a plan does, and says how to see it again', async () => {
    const options = ['--adversary', 'stall', '--nodes', '4', '--rounds', '2', '--count', '1', '--duration', '4'];
    const { exitCode, stdout } = await hunt(...options, '--json');
    expect(exitCode).toBe(0);
    const { worst, ...rest } = JSON.parse(stdout) as { worst: Climbed[] };
    expect(rest).toMatchObject({ adversary: 'stall', seeds: 1, runs: 2, failures: [], nextSeed: 2 });
    expect(worst).toMatchObject([{ seed: 1, validators: 4, liars: 1 }]);
    const plan = present(worst[0], 'the worst').plan;
    const text = await hunt(...options, '--rounds', '1', '--plan', plan);
    expect(text.stdout).toContain(`the worst, again: ${worst[0]?.command}\n`);
  });

  test.each([
    ['--adversary', 'malice'],
    ['--plan', 'something bad'],
    ['--search', 'luck'],
    ['--minutes', '0'],
    ['--seed', '1.5'],
    ['--count', '-1'],
    ['--weeks', '1'],
    ['--costs', 'none'],
  ])('refuses %s %s', async (...args) => {
    const { exitCode, stderr } = await hunt(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: /);
  });

  test('explains itself', async () => {
    const { exitCode, stdout } = await hunt('--help');
    expect(exitCode).toBe(0);
    for (const search of ['mix', 'faults', 'twins', 'fuzz'])
      expect(stdout).toMatch(new RegExp(`^  ${search} +\\w`, 'm'));
    expect(stdout).toMatch(/Exit codes: 0 nothing found, 2 wrong usage, 4 found/);
  });
});
