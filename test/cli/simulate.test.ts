import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faults } from '../../src/simulator/faults.ts';
import { strategies } from '../../src/simulator/strategies/registry.ts';
import { run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FORK = ['--byzantine', '0=equivocate', '--byzantine', '1=equivocate', '--duration', '10s'];

describe('trefoil simulate', () => {
  it('tells a story, a verdict for each checker, and is done', async () => {
    const { exitCode, stdout } = await run([
      'simulate',
      '--seed',
      '42',
      '--faults',
      'partition,crash',
      '--duration',
      '5s',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/holds {2}agreement\n/);
    expect(stdout).toMatch(/holds {2}liveness\n/);
    expect(stdout).toMatch(/\d+ blocks · .* · trace [0-9a-f]{16}/);
  });

  it('is the same for the same seed', async () => {
    const traces = await Promise.all(
      [1, 2].map(async () => {
        const { stdout } = await run(['simulate', '--seed', '5', '--duration', '2s', '--json']);
        return (JSON.parse(stdout) as { traceHash: string }).traceHash;
      }),
    );
    expect(traces[0]).toBe(traces[1]);
  });

  it('exits with 4 and says how to see it again when too many lie', async () => {
    const { exitCode, stdout } = await run(['simulate', '--seed', '9', ...FORK]);
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/BROKEN agreement: fork at height/);
    expect(stdout).toContain(
      'seed 9, again: npx trefoil simulate --seed 9 --nodes 4 --byzantine 0=equivocate --byzantine 1=equivocate --duration 10s',
    );
  });

  it('says in JSON what was broken', async () => {
    const { exitCode, stdout } = await run(['simulate', ...FORK, '--json']);
    expect(exitCode).toBe(4);
    const { violations, command } = JSON.parse(stdout) as { violations: { checker: string }[]; command: string };
    expect(violations.map(({ checker }) => checker)).toContain('agreement');
    expect(command).toMatch(/^npx trefoil simulate --seed 1 /);
  });

  it('lists all liars and faults', async () => {
    const { exitCode, stdout } = await run(['simulate', '--list']);
    expect(exitCode).toBe(0);
    for (const name of [...strategies.keys(), ...faults.keys()])
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  });

  it('writes every event to a file', async () => {
    const file = join(folder, 'trace');
    await run(['simulate', '--duration', '1s', '--trace', file]);
    expect(readFileSync(file, 'utf8')).toMatch(/^\d+\.\d{3} finalized 0 1 [0-9a-f]{64}$/m);
  });

  it.each([
    [['--faults', 'rain'], /There is no fault 'rain'/],
    [['--byzantine', '1=angel'], /There is no strategy 'angel'/],
    [['--byzantine', '4=silent'], /There is no validator 4/],
    [['--nodes', '99'], /1 to 32 validators/],
    [['--powers', '1,-1'], /list of whole numbers/],
    [['--signatures', 'none'], /stand-in or ed25519/],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await run(['simulate', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});
