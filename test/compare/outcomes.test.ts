/** What the comparison is there to show, each seen on the real runners. */
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { compare, PARTS, protocols } from '../../src/compare/compare.ts';
import { pbft, pbftStake } from '../../src/compare/pbft.ts';
import { type Protocol, type ProtocolName, PROTOCOLS } from '../../src/compare/protocol.ts';
import { repeat, type Run } from '../../src/compare/repeat.ts';
import { rowsOf, runOf } from '../../src/compare/report/facts.ts';
import { pageOf } from '../../src/compare/report/page.ts';
import { duration } from '../../src/compare/report/words.ts';
import {
  CUT_MS,
  HEAL_MS,
  RUN_MS,
  SCENARIOS,
  type Scenario,
  type ScenarioName,
  scenarios,
} from '../../src/compare/scenario.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';

installNodeSha256();

const SEED = 1;
const ASKED = { seed: SEED, only: [], runs: 1, transfersPerBlock: 20 };
const ignore = (): void => {};

/** Proof of work needs all of the time for its confirmations; in PBFT nothing rests on how long it goes on, and it is the slow one. */
const SLOWLY: readonly Protocol[] = [pbft, pbftStake];
const SHORTER = 6;
const shorter: readonly Scenario[] = scenarios.map((scenario) => ({
  ...scenario,
  events: scenario.events.map((event) => ({ ...event, atMs: event.atMs / SHORTER })),
  submitMs: scenario.submitMs / SHORTER,
  runMs: scenario.runMs / SHORTER,
}));
const brief = { protocols: SLOWLY, scenarios: shorter };
const long = { protocols: protocols.filter((protocol) => !SLOWLY.includes(protocol)), scenarios };

/** All that is measured, once, for all tests. */
const played = (() => {
  const [short, whole] = [compare({ ...ASKED, only: SCENARIOS }, ignore, brief), compare(ASKED, ignore, long)];
  const together = whole.scenarios.map((each, at) => ({
    ...each,
    runs: [...present(short.scenarios[at], each.name).runs, ...each.runs],
  }));
  return { ...whole, scenarios: together };
})();
const play = (protocol: ProtocolName, scenario: ScenarioName): Run => runOf(played, scenario, protocol);

/** When something happens in what was played of a protocol. */
const at = (protocol: ProtocolName, ms: number): number => (protocol.startsWith('pbft') ? ms / SHORTER : ms);
/** How long a network was cut or a node down. */
const cutFor = (protocol: ProtocolName): number => at(protocol, HEAL_MS - CUT_MS);

/** How many a node held final at a time. */
function finalAt({ timeline }: Run, node: number, atMs: number): number {
  const counts = present(
    timeline.final.find((each) => each.node === node),
    'an honest node',
  ).counts;
  return present(counts[Math.floor(atMs / timeline.everyMs) - 1], 'a sample');
}

const halves = (protocol: ProtocolName): Run => play(protocol, 'partition-half');

describe('two against two', () => {
  test('comes out the same from the same seed, and another way from another', () => {
    const again = (seed: number, stage: typeof brief): readonly Run[] =>
      compare({ ...ASKED, seed, only: ['partition-half'] }, ignore, stage).scenarios.flatMap(({ runs }) => runs);
    const first = played.scenarios.find(({ name }) => name === 'partition-half')?.runs;
    expect(JSON.stringify([brief, long].flatMap((stage) => again(SEED, stage)))).toBe(JSON.stringify(first));
    for (const run of again(SEED + 1, long)) expect(run.finalityMs).not.toEqual(halves(run.protocol).finalityMs);
  });

  test.each<ProtocolName>(['pbft', 'pbft-stake', 'raft'])(
    'nothing becomes final in %s until it is healed, all after',
    (name) => {
      const run = halves(name);
      expect(run.disagreed).toBe(false);
      expect(run.reversedAfterFinal).toBe(0);
      // Something was final a moment before it, at the latest.
      expect(run.unavailableMs).toBeGreaterThan(cutFor(name) - 2400);
      expect(run.committed).toBe(run.submitted);
      for (const node of [0, 1, 2, 3]) {
        expect(finalAt(run, node, at(name, HEAL_MS))).toBe(finalAt(run, node, at(name, CUT_MS) + 5000));
        expect(finalAt(run, node, at(name, RUN_MS))).toBe(run.submitted);
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
    expect(run.unavailableMs).toBeLessThan(cutFor('pow'));
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
      const [cutMs, healMs] = [at(name, CUT_MS), at(name, HEAL_MS)];
      expect(finalAt(run, 0, healMs)).toBe(finalAt(run, 0, cutMs + 5000));
      expect(finalAt(run, 3, healMs) - finalAt(run, 3, cutMs)).toBeGreaterThan(cutFor(name) / 2400);
      expect(finalAt(run, 0, at(name, RUN_MS))).toBe(run.submitted);
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
    const paused = run.unavailableMsOf.filter(({ ms }) => ms > 0.9 * cutFor(name));
    expect(paused).toHaveLength(1);
  });

  test('spares the hashes of who is down', () => {
    const [calm, crash] = [play('pow', 'calm'), play('pow', 'crash')];
    const hashes = ({ hashesPerTransaction, committed }: Run): number => (hashesPerTransaction ?? 0) * committed;
    expect(hashes(crash) / hashes(calm)).toBeCloseTo(1 - (0.25 * cutFor('pow')) / RUN_MS, 2);
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
  const of = (name: ProtocolName): Run => play(name, 'regions');

  test('is counted in all protocols: messages, bytes, signatures and hashes', () => {
    for (const run of [of('pbft'), of('pow'), of('raft')]) {
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
  const { scenarios: calm, doubleSpend, risk, blockSizes } = compare({ ...ASKED, only: ['calm'] }, told, long);
  expect(calm.map(({ name }) => name)).toEqual(['calm']);
  expect({ doubleSpend, risk, blockSizes }).toEqual({ doubleSpend: null, risk: [], blockSizes: [] });
  expect(steps).toEqual(['0 of 2: Proof of work: Nothing goes wrong', '1 of 2: Raft: Nothing goes wrong']);
  expect(PARTS).toHaveLength(scenarios.length + 3);
});

describe('several runs', () => {
  const raft = present(
    protocols.find(({ name }) => name === 'raft'),
    'raft',
  );
  const crash = present(
    scenarios.find(({ name }) => name === 'crash'),
    'crash',
  );
  const three = repeat(raft, crash, SEED, 3);

  test('begin with the one of the seed itself, and each has its own', () => {
    expect(repeat(raft, crash, SEED, 2).each).toEqual(three.each.slice(0, 2));
    const [first, second] = three.each;
    expect(first).toMatchObject({ seed: SEED, submitted: play('raft', 'crash').submitted });
    expect(repeat(raft, crash, present(second, 'run').seed, 1).each).toEqual([second]);
    expect(new Set(three.each.map(({ seed }) => seed)).size).toBe(3);
  });
});

describe('larger blocks', () => {
  const finalAfter = (scenario: ScenarioName, size: number): number =>
    present(
      played.blockSizes.find((each) => each.scenario === scenario && each.transfersPerBlock === size),
      'a size',
    ).finalityMs.p50 ?? Number.POSITIVE_INFINITY;

  test('make proof of work quicker where they were too small for what was offered', () => {
    for (const scenario of ['calm', 'partition-half'] as const)
      expect(finalAfter(scenario, 9)).toBeGreaterThan(finalAfter(scenario, 500));
  });

  test('of the usual size are those of the comparison itself', () => {
    expect(finalAfter('calm', 20)).toBe(play('pow', 'calm').finalityMs.p50);
  });
});

describe('the page of the comparison', () => {
  const page = pageOf(played);

  test('needs nothing but itself', () => {
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|src=|href=/);
    expect(page.match(/https?:[^"]*/g)?.every((url) => url.startsWith('http://www.w3.org/'))).toBe(true);
  });

  test('has a picture in every figure, each with words instead of it', () => {
    const figures = page.split('<figure').slice(1);
    expect(figures).toHaveLength(4);
    for (const figure of figures) {
      expect(figure).toMatch(/^ aria-label="[^"]{40,}"/);
      expect(figure).toMatch(/<svg role="img" [^]*<path [^]*<\/svg>/);
      expect(figure).toMatch(/<figcaption>[^]*<code>npx trefoil [^<]+<\/code>/);
    }
  });

  test('says the numbers of what was measured', () => {
    const { p50, p99 } = runOf(played, 'regions', 'pbft').finalityMs;
    expect(page).toContain(`<td class="plain">${duration(p50)} · ${duration(p99)}</td>`);
    expect(page).toContain(`${runOf(played, 'partition-half', 'pow').reversedAfterFinal} taken back`);
    expect(page).toContain(`Of ${played.doubleSpend?.tries} tries ${played.doubleSpend?.successes} succeeded`);
  });

  test('has a row for each scenario, a column for each protocol, and no number that is none', () => {
    const rows = rowsOf(played);
    expect(new Set(rows.map(({ part }) => part))).toEqual(new Set(scenarios.map(({ name }) => name)));
    expect(rows.every(({ cells }) => cells.length === PROTOCOLS.length)).toBe(true);
    expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  test('names the theorems, and tells who is which choice for', () => {
    for (const word of ['FLP', 'CAP', 'Split brain', 'Which one, then']) expect(page).toContain(word);
  });
});
