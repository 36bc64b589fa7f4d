import { describe, expect, it } from 'vitest';
import { run } from './terminal.ts';

const risk = (...args: string[]) => run(['pow', 'risk', ...args]);
const selfish = (...args: string[]) => run(['pow', 'selfish', ...args]);

describe('trefoil pow risk', () => {
  it('answers in JSON what was asked for, and nothing else', async () => {
    const { exitCode, stdout } = await risk('--share', '0.1', '--confirmations', '6', '--json');
    expect(exitCode).toBe(0);
    const answer = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(answer)).toEqual(['share', 'confirmations', 'nakamoto', 'exact']);
    expect([answer['share'], answer['confirmations']]).toEqual([0.1, 6]);
    expect(answer['nakamoto']).toBeCloseTo(0.0002428, 7);
    expect(answer['exact']).toBeCloseTo(0.000591412, 9);
  });

  it.each([
    ['0.1', '0.001', 6],
    ['0.45', '0.001', 539],
    ['0.3', '1', 0],
    ['0', '0', 1],
    ['0.5', '0.9', null],
    ['0.1', '0', null],
  ])('share %s needs for a risk of %s: %j confirmations', async (share, atMost, needed) => {
    const { stdout } = await risk('--share', share, '--at-most', atMost, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ needed });
  });

  it('measures on request, the same for the same seed', async () => {
    const args = ['--share', '0.3', '--confirmations', '2', '--trials', '30000', '--json', '--seed'];
    const answers = await Promise.all(['7', '7', '8'].map((seed) => risk(...args, seed)));
    const [first, again, other] = answers.map(({ stdout }) => stdout);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    const { measured, exact } = JSON.parse(first!) as { measured: Record<string, number>; exact: number };
    expect(Object.keys(measured)).toEqual(['trials', 'estimate', 'low', 'high']);
    expect(measured['trials']).toBe(30_000);
    expect(measured['low']).toBeLessThan(exact);
    expect(measured['high']).toBeGreaterThan(exact);
  });

  it('tells people both forms, a table around it, how long to wait and how it was measured', async () => {
    const { stdout } = await risk('--share', '0.1', '--at-most', '0.001', '--trials', '20000', '--seed', '3');
    expect(stdout).toMatch(/10 % of the hash power takes a payment with 6 confirmations back:\n/);
    expect(stdout).toMatch(/ Nakamoto {2}0\.02428 %\n {2}exact {5}0\.05914 %\n/);
    expect(stdout).toMatch(/ measured .* 99\.9 % confidence from .* to .*: the exact form lies within\n/);
    expect(stdout).toMatch(/20,000 races, seed 3; the attacker gives up 5 blocks behind, and misses a chance below/);
    expect(stdout).toMatch(/\n {2}0 +100 % +100 %\n/);
    expect(stdout).toMatch(/\n> 6 +0\.02428 % +0\.05914 %\n/);
    expect(stdout).toMatch(/\n {2}10 +0\.0001241 % +0\.000786 %\n/);
    expect(stdout).toMatch(/\n {2}Nakamoto {2}5 confirmations\n {2}exact {5}6 confirmations\n$/);
    expect((await risk('--share', '0.1', '--confirmations', '40')).stdout).toMatch(/\n {2}35 [^]*\n> 40 [^]*\n {2}45 /);
    expect((await risk('--share', '0.6', '--at-most', '0.1')).stdout).toMatch(/no number of confirmations is enough/);
    const near = await risk('--share', '0.4999', '--at-most', '0.1');
    expect(near.stdout).toMatch(/exact {5}more than 1,000,000 confirmations/);
  });

  it.each([
    [['--share', '1.5'], 'SHARE_OUT_OF_RANGE', /0\.015/],
    [['--share', '10%'], 'SHARE_OUT_OF_RANGE', /10 % is written 0\.1/],
    [['--share', '-0.1'], 'SHARE_OUT_OF_RANGE', /Half of it is written 0\.5/],
    [['--share', '0.1', '--at-most', '2'], 'RISK_OUT_OF_RANGE', /0\.02/],
    [['--share', '0.1', '--confirmations', '1000001'], 'CONFIRMATIONS_OUT_OF_RANGE', /Nobody/],
    [['--share', '0.1', '--trials', '0'], 'TRIALS_OUT_OF_RANGE', /A million/],
    [['--share', '0.1', '--trials', '10000001'], 'TRIALS_OUT_OF_RANGE', /A million/],
    [['--share', '0.495', '--trials', '10'], 'SHARE_NOT_PLAYABLE', /up to 0\.49, and from 0\.51 to 0\.99 can/],
    [['--share', '1', '--trials', '10'], 'SHARE_NOT_PLAYABLE', /0\.99/],
    [['--share', '0.1', '--confirmations', '1001', '--trials', '10'], 'CONFIRMATIONS_NOT_PLAYABLE', /1,000/],
    [['--share', 'some'], 'USAGE', /--help/],
    [['--share', '0.1', '--confirmations', '-1'], 'USAGE', /--help/],
    [[], 'USAGE', /--help/],
  ])('refuses %j as %s', async (args, code, hint) => {
    const { exitCode, stdout } = await risk(...args, '--json');
    expect(exitCode).toBe(2);
    const { error } = JSON.parse(stdout) as { error: { code: string; hint: string } };
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
  });

  it('plays at the ends of what can be played', async () => {
    for (const share of ['0', '0.49', '0.51', '0.99']) {
      const { exitCode } = await risk('--share', share, '--confirmations', '1', '--trials', '20');
      expect(exitCode).toBe(0);
    }
  });

  it('shows a person how far it is', async () => {
    const { stderr } = await run(['pow', 'risk', '--share', '0.1', '--trials', '30000'], { isTTY: true });
    expect(stderr).toContain('20,000 of 30,000 played');
    expect((await risk('--share', '0.1', '--trials', '30000')).stderr).toBe('');
  });

  it('teaches', async () => {
    const { exitCode, stdout } = await risk('--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/mines in secret a branch in which it did not[^]*Examples:\n/);
  });
});

describe('trefoil pow selfish', () => {
  it('answers in JSON', async () => {
    const { stdout } = await selfish('--share', '0.25', '--gamma', '0.5', '--json');
    const answer = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(answer)).toEqual(['share', 'gamma', 'revenue', 'threshold']);
    expect(answer['revenue']).toBeCloseTo(0.25, 12);
    expect(answer['threshold']).toBe(0.25);
  });

  it('measures on request, and says whether it pays', async () => {
    const { stdout } = await selfish('--share', '0.3', '--gamma', '1', '--trials', '20000', '--seed', '3');
    expect(stdout).toMatch(/revenue {4}38\.06 % of all blocks, more than its share\n {2}threshold {2}0 %: above it/);
    expect(stdout).toMatch(/measured .*: the exact form lies within\n +20,000 rounds, seed 3\n/);
    expect((await selfish('--share', '0.3', '--gamma', '0')).stdout).toMatch(/less than its share/);
  });

  it.each([
    [['--share', '30'], 'SHARE_OUT_OF_RANGE'],
    [['--share', '0.3', '--gamma', '7'], 'GAMMA_OUT_OF_RANGE'],
    [['--share', '0.3', '--trials', '999'], 'TRIALS_OUT_OF_RANGE'],
    [['--share', '0.6', '--trials', '1000'], 'SHARE_NOT_PLAYABLE'],
  ])('refuses %j as %s', async (args, code) => {
    const { exitCode, stdout } = await selfish(...args, '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code } });
  });
});
