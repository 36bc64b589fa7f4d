import { describe, expect, test } from 'vitest';
import { distances, honestOf, NODES, RUN_MS, SCENARIOS, scenarios, SUBMIT_MS } from '../../src/compare/scenario.ts';

test('each name has its scenario, in order', () => {
  expect(scenarios.map(({ name }) => name)).toEqual([...SCENARIOS]);
});

describe.each(scenarios)('$name', (scenario) => {
  const { events, liars } = scenario;

  test('what goes wrong ends while clients still ask, and is over in time', () => {
    expect(events.map(({ atMs }) => atMs)).toEqual(events.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
    const [begins, ends] = events;
    const pair = begins?.kind === 'crash-leader' ? 'restart' : 'heal';
    expect(ends?.kind).toBe(begins === undefined ? undefined : pair);
    for (const { atMs } of events) expect(atMs).toBeLessThan(SUBMIT_MS);
    expect(SUBMIT_MS).toBeLessThan(RUN_MS);
  });

  test('whoever does not lie is honest, and some are', () => {
    expect(honestOf(scenario)).toHaveLength(NODES - liars);
    expect(honestOf(scenario)).not.toContain(liars - 1);
    expect(honestOf(scenario)).toContain(NODES - 1);
  });

  test('it is as far from here to there as back', () => {
    const all = distances(scenario);
    expect(all).toHaveLength(NODES ** 2);
    for (const { from, to, link } of all) {
      expect(link.latencyMs).toBeGreaterThan(0);
      expect(all.find((back) => back.from === to && back.to === from)?.link).toEqual(link);
    }
  });
});

test.each([
  ['partition-minority', 1],
  ['partition-half', 2],
])('in %s %d of four are cut off', (name, count) => {
  const cut = scenarios.find((each) => each.name === name)?.events[0];
  expect(cut?.kind === 'cut' && cut.side).toHaveLength(count);
});

test.each([
  ['one-liar', true],
  ['third-lying', false],
])('in %s liars are fewer than a third: %s', (name, expected) => {
  const liars = scenarios.find((each) => each.name === name)?.liars ?? 0;
  expect(liars).toBeGreaterThan(0);
  expect(3 * liars < NODES).toBe(expected);
});
