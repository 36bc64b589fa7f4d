import { describe, expect, it } from 'vitest';
import { run } from './terminal.ts';

describe('trefoil compare', () => {
  it('refuses a part that is none as wrong usage, and names those that are', async () => {
    const { exitCode, stderr } = await run(['compare', '--only', 'sunshine']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('partition-half');
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
    const { exitCode, stdout, stderr } = await run(['compare', '--only', 'one-liar', '--json']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    const { seed, scenarios } = JSON.parse(stdout);
    expect(seed).toBe(1);
    expect(scenarios).toMatchObject([
      {
        name: 'one-liar',
        runs: [
          { protocol: 'pbft', disagreed: false },
          { protocol: 'pbft-stake', disagreed: false },
          { protocol: 'pow' },
          { protocol: 'raft', disagreed: true },
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
      });
  }, 60_000);
});
