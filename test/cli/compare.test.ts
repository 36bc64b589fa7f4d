import { describe, expect, it } from 'vitest';
import { run } from './terminal.ts';

describe('trefoil compare', () => {
  it('refuses a part that is none as wrong usage, and names those that are', async () => {
    const { exitCode, stderr } = await run(['compare', '--only', 'sunshine']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('partition-half');
  });

  it.each([
    ['--runs', '0'],
    ['--runs', '1001'],
    ['--block-size', '8'],
    ['--block-size', 'large'],
  ])('refuses %s %s as wrong usage', async (option, value) => {
    const { exitCode, stderr } = await run(['compare', option, value]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`option '${option} <number>' argument '${value}' is invalid`);
  });

  it('refuses a report of some parts', async () => {
    const { exitCode, stdout } = await run(['compare', '--only', 'calm', '--report', 'x.html', '--json']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'REPORT_NEEDS_ALL' } });
  });

  it.each([
    ['/nowhere/at/all.html', 1],
    ['--json', 2],
  ])('refuses to write to %s before anything is measured', async (file, code) => {
    const { exitCode, stdout } = await run(['compare', '--json', '--report', file]);
    expect(exitCode).toBe(code);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'REPORT_NOT_WRITTEN' } });
  });

  it('prints one object, with every protocol in every scenario that was asked for', async () => {
    const { exitCode, stdout, stderr } = await run(['compare', '--only', 'partition-half', '--runs', '1', '--json']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    const { seed, scenarios } = JSON.parse(stdout);
    expect(seed).toBe(1);
    expect(scenarios).toMatchObject([
      {
        name: 'partition-half',
        runs: [
          { protocol: 'pbft', disagreed: false },
          { protocol: 'pbft-stake', disagreed: false },
          { protocol: 'pow', disagreed: true },
          { protocol: 'raft', disagreed: false },
        ],
      },
    ]);
    for (const { finalityMs, messagesPerTransaction, committed } of scenarios[0].runs) {
      const isNumber = committed > 0 ? expect.any(Number) : null;
      expect({ finalityMs, messagesPerTransaction }).toEqual({
        finalityMs: { p50: isNumber, p99: isNumber },
        messagesPerTransaction: isNumber,
      });
    }
    for (const each of scenarios[0].runs)
      expect(each).toMatchObject({
        committed: expect.any(Number),
        reversedAfterFinal: expect.any(Number),
        unavailableMs: expect.any(Number),
        repetitions: 1,
      });
  }, 60_000);
});
