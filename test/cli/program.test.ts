import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/output.ts';
import { run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const nowhere = join(folder, 'nowhere');

const COMMANDS = [
  ['testnet', 'up'],
  ['testnet', 'status'],
  ['testnet', 'kill'],
  ['testnet', 'start'],
  ['testnet', 'down'],
  ['tx', 'transfer'],
  ['tx', 'submit'],
  ['tx', 'show'],
  ['namespace', 'create'],
  ['namespace', 'show'],
  ['namespace', 'set-writers'],
  ['namespace', 'set-owner'],
  ['kv', 'put'],
  ['kv', 'get'],
  ['kv', 'delete'],
  ['kv', 'list'],
  ['kv', 'history'],
  ['kv', 'watch'],
  ['kv', 'lease'],
  ['kv', 'release'],
  ['kv', 'add'],
  ['kv', 'counter'],
  ['kv', 'insert'],
  ['kv', 'remove'],
  ['kv', 'members'],
  ['account', 'show'],
  ['block', 'show'],
  ['validator', 'list'],
  ['validator', 'show'],
  ['validator', 'add'],
  ['validator', 'remove'],
  ['validator', 'rotate'],
  ['validator', 'unjail'],
  ['stake', 'bond'],
  ['stake', 'unbond'],
  ['stake', 'withdraw'],
  ['proposal', 'list'],
  ['proposal', 'show'],
  ['proposal', 'vote'],
  ['parameter', 'list'],
  ['parameter', 'set'],
  ['observer', 'list'],
  ['observer', 'add'],
  ['observer', 'remove'],
  ['keys', 'new'],
  ['keys', 'list'],
  ['node', 'start'],
] as const;

describe('every command', () => {
  it.each(COMMANDS)('%s %s has help with an example, on stdout', async (...command) => {
    const { exitCode, stdout, stderr } = await run([...command, '--help']);
    expect(exitCode).toBe(EXIT.done);
    expect(stdout).toMatch(/Examples?:\n {2}trefoil /);
    expect(stdout).toContain('--json');
    expect(stderr).toBe('');
  });

  it.each(COMMANDS)('%s %s refuses an option that it does not have, with exit code 2', async (...command) => {
    const { exitCode, stdout, stderr } = await run([...command, '--frobnicate']);
    expect(exitCode).toBe(EXIT.usage);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error USAGE: .*\nhint: .*--help/);
  });

  it.each(COMMANDS)('%s %s says so as one JSON object where that is wanted', async (...command) => {
    const { exitCode, stdout, stderr } = await run([...command, '--frobnicate', '--json']);
    expect(exitCode).toBe(EXIT.usage);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'USAGE', message: expect.any(String), hint: expect.any(String) },
    });
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(stderr).toBe('');
  });
});

describe('wrong usage', () => {
  const transfer = ['tx', 'transfer', '--from', 'alice', '--to', 'bob'];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['no command', []],
    ['a group without a command', ['tx']],
    ['a command that does not exist', ['testnet', 'sideways']],
    ['a missing option', transfer],
    ['an amount of zero', [...transfer, '--amount', '0']],
    ['a negative amount', [...transfer, '--amount', '-5']],
    ['a fraction', [...transfer, '--amount', '0.5']],
    ['an amount beyond 64 bits', [...transfer, '--amount', '18446744073709551616']],
    ['a timeout without unit', [...transfer, '--amount', '5', '--timeout', '10']],
    ['three validators', ['testnet', 'up', '--nodes', '3', '--dir', nowhere]],
    ['seventeen validators', ['testnet', 'up', '--nodes', '17', '--dir', nowhere]],
    ['an unknown strategy', ['testnet', 'up', '--byzantine', '3=nap', '--dir', nowhere]],
    ['a strategy without validator', ['testnet', 'up', '--byzantine', 'silent', '--dir', nowhere]],
    [
      'two strategies for one validator',
      ['testnet', 'up', '--byzantine', '1=silent', '--byzantine', '1=corrupt', '--dir', nowhere],
    ],
    ['three stakes', ['testnet', 'up', '--stake', '3,2,1', '--dir', nowhere]],
    ['a stake of nothing', ['testnet', 'up', '--stake', '3,2,1,0', '--dir', nowhere]],
    ['four stakes for five validators', ['testnet', 'up', '--stake', '4,3,2,1', '--nodes', '5', '--dir', nowhere]],
    ['epochs without a height', ['testnet', 'up', '--epoch-length', '0', '--dir', nowhere]],
    ['a vote that is neither', ['proposal', 'vote', '0', 'perhaps', '--from', 'validator-0']],
    ['a rule that there is not', ['parameter', 'set', 'unbondingEpochs', '1', '--from', 'validator-0']],
    ['a rotation to nothing', ['validator', 'rotate', '0', '--from', 'validator-0']],
    ['a key that is none', ['validator', 'rotate', '0', '--public-key', '12', '--from', 'validator-0']],
    ['a peer id that is none', ['observer', 'add', 'auditor', '12D3KooWx', '--from', 'validator-0']],
    ['an id that is none', ['tx', 'show', 'abc']],
    ['a height that is none', ['block', 'show', '-1']],
    ['a name that could leave the folder', ['keys', 'new', '../escape']],
  ];
  it.each(cases)('%s has exit code 2', async (_, args) => {
    const { exitCode, stdout } = await run([...args]);
    expect(exitCode).toBe(EXIT.usage);
    expect(stdout).toBe('');
  });
});

describe('failures', () => {
  it.each([
    [['testnet', 'status']],
    [['testnet', 'kill', '1']],
    [['testnet', 'start', '1']],
    [['testnet', 'down', '--wipe']],
    [['account', 'show', 'alice']],
  ])('%j says that there is no testnet, with exit code 1', async (args) => {
    const { exitCode, stdout } = await run([...args, '--dir', nowhere, '--json']);
    expect(exitCode).toBe(EXIT.failed);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NO_TESTNET' } });
  });

  it.each([[['up']], [['down', '--wipe']]])(
    'testnet %j leaves a folder alone that holds something else',
    async (args) => {
      const precious = join(folder, `precious-${args[0]}`);
      const file = join(precious, 'thesis.txt');
      await import('node:fs/promises').then(({ mkdir }) => mkdir(precious));
      writeFileSync(file, 'years of work');
      const { exitCode, stderr } = await run(['testnet', ...args, '--dir', precious]);
      expect(exitCode).toBe(EXIT.failed);
      expect(stderr).toMatch(/^error NOT_A_TESTNET: /);
      await import('node:fs/promises').then(({ access }) => access(file));
    },
  );

  it('a node that does not answer is UNREACHABLE', async () => {
    const { exitCode, stderr } = await run(['block', 'show', '1', '--node', 'http://127.0.0.1:1']);
    expect(exitCode).toBe(EXIT.failed);
    expect(stderr).toMatch(/^error UNREACHABLE: .*\nhint: /);
  });
});

describe('colours', () => {
  const escape = '\u001b[';
  it('are used on a terminal', async () => {
    expect((await run(['tx', 'show', 'abc'], { isTTY: true })).stderr).toContain(escape);
  });
  it('are not used elsewhere', async () => {
    expect((await run(['tx', 'show', 'abc'])).stderr).not.toContain(escape);
  });
  it('are not used where NO_COLOR is set', async () => {
    expect((await run(['tx', 'show', 'abc'], { isTTY: true, env: { NO_COLOR: '1' } })).stderr).not.toContain(escape);
  });
});
