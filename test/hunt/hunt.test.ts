import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { faults } from '../../src/simulator/faults.ts';
import { scenarioOf } from '../../src/simulator/scenario.ts';
import { Coverage, hunted } from './coverage.ts';
import { Hunt } from './hunt.ts';
import { reportJson, reportText } from './report.ts';

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
    expect(coverage.pairs).toBe(hunted.length * faults.size);
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
    const all = hunted.map((strategy, validator) => ({ validator, strategy }));
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
      coverage: { networks: [{ validators: scenarioOf(7, 500).powers.length }], pairs: hunted.length * faults.size },
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

  test.each([
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
