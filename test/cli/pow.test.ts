import { describe, expect, it } from 'vitest';
import { run } from './terminal.ts';

describe('trefoil pow mine', () => {
  it.each([
    ['--miners', '0'],
    ['--miners', '17'],
    ['--miners', 'four'],
    ['--seconds', '0'],
    ['--seconds', '3601'],
    ['--seed', '-1'],
  ])('refuses %s %s as wrong usage', async (...option) => {
    const { exitCode, stderr } = await run(['pow', 'mine', ...option]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`option '${option[0]} <number>' argument '${option[1]}' is invalid`);
  });

  it('teaches what a fork is', async () => {
    const { exitCode, stdout } = await run(['pow', 'mine', '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/fork[^]*reorganises[^]*confirmation[^]*Ctrl\+C[^]*--json: \{blocks, height, forks/);
  });
});
