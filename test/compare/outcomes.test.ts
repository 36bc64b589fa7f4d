/** What the comparison is there to show, each seen on the real runners. */
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { compare, PARTS, protocols } from '../../src/compare/compare.ts';
import type { ProtocolName, Run } from '../../src/compare/protocol.ts';
import { runOnce } from '../../src/compare/run.ts';
import { CUT_MS, HEAL_MS, RUN_MS, type ScenarioName, scenarios } from '../../src/compare/scenario.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';

installNodeSha256();

const SEED = 1;
const cutFor = HEAL_MS - CUT_MS;

function play(protocol: ProtocolName, scenario: ScenarioName, seed = SEED): Run {
  const one = present(
    protocols.find(({ name }) => name === protocol),
    protocol,
  );
  return runOnce(
    one,
    present(
      scenarios.find(({ name }) => name === scenario),
      scenario,
    ),
    seed,
  );
}

/** How many a node held final at a time. */
function finalAt({ timeline }: Run, node: number, atMs: number): number {
  const counts = present(
    timeline.final.find((each) => each.node === node),
    'an honest node',
  ).counts;
  return present(counts[Math.floor(atMs / timeline.everyMs) - 1], 'a sample');
}

const halved = compare(SEED, ['partition-half'], () => {});
const halves = (protocol: ProtocolName): Run =>
  present(
    halved.scenarios[0]?.runs.find((run) => run.protocol === protocol),
    protocol,
  );

describe('two against two', () => {
  test('comes out the same from the same seed, and another way from another', () => {
    const again = compare(SEED, ['partition-half'], () => {});
    expect(JSON.stringify(again)).toBe(JSON.stringify(halved));
    expect(play('raft', 'partition-half', 2)).not.toEqual(halves('raft'));
  });

  test.each<ProtocolName>(['pbft', 'pbft-stake', 'raft'])(
    'nothing becomes final in %s until it is healed, all after',
    (name) => {
      const run = halves(name);
      expect(run.disagreed).toBe(false);
      expect(run.reversedAfterFinal).toBe(0);
      expect(run.unavailableMs).toBeGreaterThan(0.99 * cutFor);
      expect(run.committed).toBe(run.submitted);
      for (const node of [0, 1, 2, 3]) {
        expect(finalAt(run, node, HEAL_MS)).toBe(finalAt(run, node, CUT_MS + 5000));
        expect(finalAt(run, node, RUN_MS)).toBe(run.submitted);
      }
    },
  );

  test('both halves of proof of work go on, disagree, and one takes back what it showed as final', () => {
    const run = halves('pow');
    expect(run.disagreed).toBe(true);
    expect(run.disagreement?.atMs).toBeGreaterThan(CUT_MS);
    expect(run.disagreement?.atMs).toBeLessThan(HEAL_MS);
    expect(run.reversedAfterFinal).toBeGreaterThan(0);
    expect(run.deepestReorganisation).toBeGreaterThan(6);
    expect(run.unavailableMs).toBeLessThan(cutFor);
    for (const node of [0, 1, 2, 3]) expect(finalAt(run, node, HEAL_MS)).toBeGreaterThan(finalAt(run, node, CUT_MS));
  });

  test('the tree shows both branches, and one that won', () => {
    const { blocks = [], forks } = halves('pow');
    const heights = blocks.filter(({ best }) => best).map(({ height }) => height);
    expect(heights.toSorted((a, b) => a - b)).toEqual(heights.map((_, index) => index + 1));
    expect(blocks.length).toBeGreaterThanOrEqual(heights.length + forks);
    expect(forks).toBeGreaterThan(6);
    // A block each ten seconds, less those that were undone.
    expect(heights.length).toBeGreaterThan(25);
  });

  test('with fewer confirmations proof of work shows sooner what is less sure', () => {
    const { confirmations = [], finalityMs } = halves('pow');
    expect(confirmations.map((each) => each.confirmations)).toEqual([1, 3, 6]);
    const times = confirmations.map((each) => each.finalityMs.p50 ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(confirmations[2]?.finalityMs).toEqual(finalityMs);
    expect(confirmations[0]?.risk).toBeGreaterThan(confirmations[2]?.risk ?? 1);
  });
});

describe('one against three', () => {
  test.each<ProtocolName>(['pbft', 'raft'])(
    'who is alone in %s shows nothing as final, and all when it is back',
    (name) => {
      const run = play(name, 'partition-minority');
      expect(run.disagreed).toBe(false);
      expect(finalAt(run, 0, HEAL_MS)).toBe(finalAt(run, 0, CUT_MS + 5000));
      expect(finalAt(run, 3, HEAL_MS)).toBeGreaterThan(finalAt(run, 3, CUT_MS) + 100);
      expect(finalAt(run, 0, RUN_MS)).toBe(run.submitted);
      expect(run.unavailableMs).toBeLessThan(10_000);
    },
  );

  test('who mines alone shows its own as final after one confirmation, and the others theirs', () => {
    const [fewest] = play('pow', 'partition-minority').confirmations ?? [];
    expect(fewest?.disagreed).toBe(true);
  });
});

describe('a crash of the leader', () => {
  // Two base timeouts, and what a client waits before it asks elsewhere.
  test.each<ProtocolName>(['pbft', 'raft'])('costs %s a pause of seconds, and nothing that was final', (name) => {
    const run = play(name, 'crash');
    expect(run).toMatchObject({ disagreed: false, reversedAfterFinal: 0, committed: run.submitted });
    expect(run.unavailableMs).toBeGreaterThan(1000);
    expect(run.unavailableMs).toBeLessThan(10_000);
    const paused = run.unavailableMsOf.filter(({ ms }) => ms > 0.9 * cutFor);
    expect(paused).toHaveLength(1);
  });

  test('spares the hashes of who is down', () => {
    const [calm, crash] = [play('pow', 'calm'), play('pow', 'crash')];
    const hashes = ({ hashesPerTransaction, committed }: Run): number => (hashesPerTransaction ?? 0) * committed;
    expect(hashes(crash) / hashes(calm)).toBeCloseTo(1 - (0.25 * cutFor) / RUN_MS, 2);
    expect(crash.committed).toBe(crash.submitted);
  });
});

describe('liars', () => {
  test('one of four gets nowhere with PBFT', () => {
    const run = play('pbft', 'one-liar');
    expect(run).toMatchObject({ disagreed: false, reversedAfterFinal: 0, forks: 0, committed: run.submitted });
    expect(run.unavailableMsOf.map(({ node }) => node)).toEqual([1, 2, 3]);
  });

  test('two of four make two honest nodes of PBFT disagree', () => {
    const run = play('pbft', 'third-lying');
    expect(run.disagreed).toBe(true);
    expect(run.disagreement?.nodes.toSorted()).toEqual([2, 3]);
  });

  test('one of four makes honest servers of Raft disagree', () => {
    const { disagreed, disagreement, forks } = play('raft', 'one-liar');
    expect(disagreed).toBe(true);
    expect(disagreement?.nodes).not.toContain(0);
    expect(forks).toBeGreaterThan(1);
  });

  test('half of the hash power takes back what was final, and no share of it forges anything', () => {
    const run = play('pow', 'third-lying');
    expect(run.disagreed).toBe(true);
    expect(run.deepestReorganisation).toBeGreaterThanOrEqual(6);
  });
});

describe('what a transaction costs', () => {
  const asked: readonly ProtocolName[] = ['pbft', 'pow', 'raft'];
  const runs = new Map(asked.map((name) => [name, play(name, 'regions')]));
  const of = (name: ProtocolName): Run => present(runs.get(name), name);

  test('is counted in all protocols: messages, bytes, signatures and hashes', () => {
    for (const run of runs.values()) {
      expect(run.committed).toBe(run.submitted);
      for (const each of [run.messagesPerTransaction, run.bytesPerTransaction, run.hashesPerTransaction])
        expect(each).toBeGreaterThan(1);
      // Each of four nodes checks the client's.
      expect(run.signaturesPerTransaction).toBeGreaterThanOrEqual(4);
    }
  });

  test('is most signatures in PBFT, most hashes and the longest wait in proof of work', () => {
    expect(of('pbft').signaturesPerTransaction).toBeGreaterThan(2 * (of('raft').signaturesPerTransaction ?? 0));
    expect(of('pow').hashesPerTransaction).toBeGreaterThan(1000 * (of('pbft').hashesPerTransaction ?? 0));
    expect(of('pow').finalityMs.p50).toBeGreaterThan(100 * (of('pbft').finalityMs.p50 ?? 0));
  });

  test('is two ways between continents for Raft, and one more for PBFT', () => {
    // From the client's node to the leader in Frankfurt, and to a majority and back: at least to Virginia.
    expect(of('raft').finalityMs.p50).toBeGreaterThan(90);
    expect(of('raft').finalityMs.p99).toBeLessThan(250);
    expect(of('pbft').finalityMs.p50).toBeGreaterThan(of('raft').finalityMs.p50 ?? 0);
    expect(of('pbft').finalityMs.p99).toBeLessThan(500);
  });
});

test('what is asked for alone is all that is done, and told of', () => {
  const steps: string[] = [];
  const told = (done: number, of: number, what: string): void => void steps.push(`${done} of ${of}: ${what}`);
  const { scenarios: none, doubleSpend, risk } = compare(SEED, ['double-spend'], told);
  expect(none).toEqual([]);
  expect(risk).toEqual([]);
  expect(doubleSpend?.pbft.disagreed).toBe(false);
  expect(steps).toEqual(['0 of 1: a double spend']);
  expect(PARTS).toHaveLength(scenarios.length + 2);
});
