import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faults } from '../../src/simulator/faults/faults.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const INCIDENT = join(import.meta.dirname, '..', 'simulator', 'scenarios', 'five.txt');

/** A file of this content. */
function scenario(name: string, ...lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, lines.join('\n'));
  return file;
}

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

  it('tells all of it on one screen, from the first second to the recovery', async () => {
    const { stdout } = await run([
      'simulate',
      '--seed',
      '42',
      '--byzantine',
      '3=equivocate',
      '--faults',
      'partition,crash',
    ]);
    const story = stdout.slice(0, stdout.indexOf('\n\n')).split('\n');
    expect(story.length).toBeGreaterThan(15);
    expect(story.length).toBeLessThanOrEqual(40);
    expect(Math.max(...story.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(story.join('\n')).toMatch(/ 0\.0 s +0 {2}4 equal validators; [^]* node 3 lies \(equivocate\): as primary /);
    expect(story.join('\n')).toMatch(/catches 3, which signed twice at height \d+\n/);
    expect(story.join('\n')).toMatch(/ \d+ × crash \([^]* partition/);
    expect(story.join('\n')).toMatch(
      /\n *60\.0 s +\d+ {2}the faults end; node 3 has told \d+ lies and withheld \d+ messages\n/,
    );
    expect(story.join('\n')).toMatch(/\n *60\.\d s +\d+ {2}recovered: after \d+ ms all honest nodes have committed /);
    expect(story.at(-1)).toMatch(/^ *80\.\d s +\d+ {2}20\.0 s of quiet since the recovery: no view changes$/);
  });

  it('is the same for the same seed, in another process too', async () => {
    const args = ['simulate', '--seed', '5', '--faults', 'loss,crash', '--byzantine', '1=favour', '--duration', '5s'];
    const hashes = [1, 2].map(() => {
      const child = spawnSync(process.execPath, [MAIN, ...args, '--json'], { encoding: 'utf8' });
      return (JSON.parse(child.stdout) as { traceHash: string }).traceHash;
    });
    expect(hashes[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(hashes[1]).toBe(hashes[0]);
    const other = await run(['simulate', ...args.with(2, '6'), '--json']);
    expect((JSON.parse(other.stdout) as { traceHash: string }).traceHash).not.toBe(hashes[0]);
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

  it('has liars carry out a plan, observers among them, and says how to see it again', async () => {
    const plan = 'always by all split to half; every 1.5 by 0 mute votes to v1 for 0.5';
    const liars = ['--byzantine', '0=plan', '--byzantine', '1=plan', '--byzantine', '4=plan', '--observers', '1'];
    const { stdout } = await run(['simulate', '--duration', '10s', ...liars, '--plan', plan]);
    expect(stdout).toMatch(/node 4 lies \(plan\)/);
    expect(stdout).toMatch(/BROKEN agreement/);
    expect(stdout).toContain(` --byzantine 4=plan --plan '${plan}' --observers 1 --duration 10s\n`);
  });

  it('writes every event to a file', async () => {
    const file = join(folder, 'trace');
    await run(['simulate', '--duration', '1s', '--trace', file]);
    const trace = readFileSync(file, 'utf8');
    expect(trace).toMatch(/^\d+\.\d{3} finalized 0 1 [0-9a-f]{64}$/m);
  });

  it('writes what each message said and what became of it, lies, payments, and whom faults hit', async () => {
    const file = join(folder, 'whole');
    const faults = ['--faults', 'one-way,partition,crash,loss,clog', '--byzantine', '3=equivocate'];
    await run(['simulate', '--seed', '42', '--duration', '40s', ...faults, '--trace', file]);
    const trace = readFileSync(file, 'utf8');
    const vote = String.raw`\d > \d (prepare|commit) epoch \d+ view \d+ height \d+ hash [0-9a-f]{8} by \d, \d+ bytes$`;
    for (const fate of ['sent', 'received', 'lie', 'withheld', 'lost', 'blocked', 'clogged'])
      expect(trace).toMatch(new RegExp(`^[0-9.]+ ${fate} ${fate === 'sent' || fate === 'lie' ? vote : ''}`, 'm'));
    expect(trace).toMatch(/^[0-9.]+ submitted \d [0-9a-f]{8} \d \d+$/m);
    expect(trace).toMatch(/^[0-9.]+ fault partition \d(,\d)*\|\d(,\d)* \d+$/m);
    expect(trace).toMatch(/^[0-9.]+ fault crash \d(,\d)* \d+$/m);
  });

  it.each([
    [['--faults', 'rain'], /There is no fault 'rain'/],
    [['--byzantine', '1=angel'], /There is no strategy 'angel'/],
    [['--byzantine', '4=silent'], /There is no validator or observer 4/],
    [['--byzantine', '4=silent', '--byzantine', '5=silent', '--observers', '1'], /There is no validator or observer 5/],
    [['--byzantine', '1=plan', '--plan', 'rob a bank'], /rob a bank: here stands at or every or /],
    [['--byzantine', '1=silent', '--plan', 'alone by all split to all'], /Nobody follows the plan/],
    [['--nodes', '99'], /1 to 32 validators/],
    [['--powers', '1,-1'], /list of whole numbers/],
    [['--signatures', 'none'], /stand-in or ed25519/],
    [['--costs', 'none'], /on or off/],
    [['--operations', 'none'], /Allowed choices are all, transfers/],
    [['--nodes', '4', '--powers', '1,1,1'], /'--powers <list>' cannot be used with option '--nodes <number>'/],
    [['--trace', join(folder, 'nowhere', 'trace')], /error TRACE_UNWRITABLE: ENOENT/],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await run(['simulate', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('trefoil simulate --help', () => {
  it('gives defaults as people type them, and none where there is none', async () => {
    const { stdout } = await run(['simulate', '--help']);
    expect(stdout).toMatch(/--duration <time>[^-]*\(default: 60s\)/);
    expect(stdout).not.toMatch(/default: (\[\]|false|60000)/);
  });
});

describe('trefoil simulate --scenario', () => {
  it('plays the file: a story with its lines, a verdict for each checker, and is done', async () => {
    const { exitCode, stdout } = await run(['simulate', '--scenario', INCIDENT]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('line 6: cut 0 1 2 | 3 4\n');
    expect(stdout).toMatch(/holds {2}agreement\n/);
    expect(stdout).toMatch(/holds {2}transcript\n/);
    expect(stdout).not.toMatch(/liveness|recover/);
    expect(stdout).toMatch(/\d+ blocks · \d+ transactions · \d+ s simulated in .* · trace [0-9a-f]{16}\n$/);
  });

  it('exits with 4 when a line does not come true, and says which', async () => {
    const file = scenario('half', 'start 0 1', 'until height 1 on 0 within 1s', 'heal');
    const { exitCode, stdout } = await run(['simulate', '--scenario', file]);
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/BROKEN transcript: line 2, until height 1 on 0 within 1s: not reached: node 0 epoch 0/);
    expect(stdout).toMatch(/holds {2}agreement\n/);
    expect(stdout).toContain(`at line 2, again: npx trefoil simulate --scenario ${file}\n`);
    expect(stdout).not.toMatch(/line 3/);
  });

  it('exits with 4 when a checker fails, in JSON too', async () => {
    const file = scenario('a fork', 'liar 0 equivocate', 'liar 1 equivocate', 'start', 'load 100ms', 'run 10s');
    const { exitCode, stdout } = await run(['simulate', '--scenario', file, '--json']);
    expect(exitCode).toBe(4);
    const answer = JSON.parse(stdout) as { violations: { checker: string }[]; failedLine: number; command: string };
    expect(answer.violations.map(({ checker }) => checker)).toContain('agreement');
    expect(answer.failedLine).toBe(5);
    expect(answer.command).toBe(`npx trefoil simulate --scenario '${file}'`);
  });

  it('writes every event to a file, the lines among them', async () => {
    const trace = join(folder, 'played');
    await run(['simulate', '--scenario', scenario('short', 'start', 'run 5s'), '--trace', trace]);
    expect(readFileSync(trace, 'utf8')).toMatch(/^0\.000 step 1 start$[^]*^\d+\.\d{3} finalized 0 1 [0-9a-f]{64}$/m);
  });

  it('says in which line a file is malformed', async () => {
    const file = scenario('malformed', '# so far', 'start', 'drop comit');
    const { exitCode, stderr, stdout } = await run(['simulate', '--scenario', file]);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`error MALFORMED_TRANSCRIPT: ${file}: line 3, drop comit: no message 'comit'; there are `);
    expect(stderr).toContain('TRANSCRIPTS.md');
  });

  it.each([
    ['/dev/zero', 'MALFORMED_TRANSCRIPT', /longer than 65536/],
    [folder, 'SCENARIO_UNREADABLE', /EISDIR/],
    [join(folder, 'nowhere'), 'SCENARIO_UNREADABLE', /ENOENT/],
  ])('reads no more of %s than it may', async (file, code, message) => {
    const { exitCode, stdout } = await run(['simulate', '--json', '--scenario', file]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code, message: expect.stringMatching(message) as string } });
  });

  it.each([
    ['--seed', '1'],
    ['--nodes', '4'],
    ['--powers', '1,1,1,1'],
    ['--byzantine', '1=silent'],
    ['--faults', 'crash'],
    ['--observers', '1'],
    ['--duration', '1s'],
    ['--signatures', 'ed25519'],
    ['--costs', 'off'],
    ['--operations', 'transfers'],
    ['--list'],
  ])('refuses %s beside it', async (...option) => {
    const { exitCode, stderr } = await run(['simulate', '--scenario', INCIDENT, ...option]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/'--scenario <file>' cannot be used with option/);
  });
});
