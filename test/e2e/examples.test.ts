import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { TestnetFolder, type Up } from './trefoil.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'examples', 'main.ts');

describe('the examples, on a testnet', () => {
  const folder = new TestnetFolder();
  let client: Client;
  beforeAll(async () => {
    const { nodes } = await folder.json<Up>('testnet', 'up', '--detach');
    client = new Client({ urls: nodes.map(({ http }) => http) });
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  /** What an example says, line by line. */
  async function linesOf(...args: readonly string[]): Promise<readonly string[]> {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect([await exited, stderr]).toEqual([0, '']);
    return stdout.trimEnd().split('\n');
  }

  it('lock: the late write of an owner that was paused is refused by its token', async () => {
    const lines = await linesOf('lock', folder.dir);
    const leases = leasesIn(lines);
    expect(leases).toHaveLength(2);
    const [alice, bob] = leases as readonly [Lease, Lease];
    expect([alice.who, bob.who]).toEqual(['alice', 'bob']);
    expect(bob.at).toBeGreaterThan(alice.until);

    expect(writesIn(lines)).toEqual([
      `alice writes "first half by alice" with the token ${alice.token}: OK`,
      `bob writes "all of it by bob" with the token ${bob.token}: OK`,
      `alice writes "second half by alice" with the token ${alice.token}: CONDITION_FAILED`,
    ]);
    expect(lines.at(-1)).toMatch(/^bob {4}releases the lock; the report is "all of it by bob", version \d+:\d+$/);

    const [, namespace = ''] = /namespace (\S+);/.exec(lines[0] ?? '') ?? [];
    const history: string[] = [];
    for await (const { items } of client.data.history(namespace, 'report'))
      history.push(...items.map(({ value }) => new TextDecoder().decode(value ?? undefined)));
    expect(history).toEqual(['first half by alice', 'all of it by bob']);
    expect(await client.data.entry(namespace, 'report-lock')).not.toHaveProperty('lease');
  });

  it('election: one leads at a time, another when it dies, and who was only thought dead decides nothing', async () => {
    const lines = await linesOf('election', folder.dir);
    const leases = leasesIn(lines);
    expect(leases).toHaveLength(4);
    const [one, again, two, three] = leases as readonly [Lease, Lease, Lease, Lease];
    expect(again.who).toBe(one.who);
    expect([one, two, three].map((lease) => lease.who).toSorted()).toEqual(['alice', 'bob', 'carol']);
    expect(again.at).toBeGreaterThan(one.at);
    expect(two.at).toBeGreaterThan(again.until);
    // It resigned: nobody had to wait until its lease had run out.
    expect(three.at).toBeGreaterThan(two.at);
    expect(three.at).toBeLessThanOrEqual(two.until);

    expect(writesIn(lines)).toEqual([
      `${one.who} decides "we build a bridge" in term ${one.token}: OK`,
      `${two.who} decides "we build a tunnel" in term ${two.token}: OK`,
      `${one.who} decides "we build two bridges" in term ${again.token}: CONDITION_FAILED`,
    ]);
  });

  it('barrier: nobody goes on before all are there, at the first barrier and at the second', async () => {
    const [made = '', ...lines] = await linesOf('barrier', folder.dir);
    expect(made).toMatch(/^alice {2}makes the namespace barrier-\w+; bob, carol, dave may write there too$/);
    const parties = ['alice', 'bob', 'carol', 'dave'];
    const phases = [0, 4, 8, 12].map((start) =>
      lines
        .slice(start, start + 4)
        .map(tidy)
        .toSorted(),
    );
    const goingOn = parties.map((name) => `${name} goes on: alice, bob, carol, dave are there`);
    expect(lines).toHaveLength(16);
    expect(phases[0]).toEqual(parties.map((name) => `${name} arrives at barrier-1`));
    expect(phases[1]).toEqual(goingOn);
    expect(phases[2]).toEqual(parties.map((name) => `${name} arrives at barrier-2`));
    expect(phases[3]).toEqual(goingOn);
  });
});

const tidy = (line: string): string => line.replaceAll(/ +/g, ' ');

interface Lease {
  readonly who: string;
  readonly until: number;
  readonly token: string;
  /** Height of the token. */
  readonly at: number;
}

const LEASE = /^(\w+) has the lease of \S+ up to height (\d+), with the token ((\d+):\d+)$/;

const leasesIn = (lines: readonly string[]): readonly Lease[] =>
  lines.map(tidy).flatMap((line) => {
    const [, who = '', until, token = '', at] = LEASE.exec(line) ?? [];
    return token === '' ? [] : [{ who, until: Number(until), token, at: Number(at) }];
  });

const writesIn = (lines: readonly string[]): readonly string[] =>
  lines.map(tidy).filter((line) => / (?:writes|decides) "/.test(line));
