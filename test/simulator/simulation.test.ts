import { describe, expect, test } from 'vitest';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { faults } from '../../src/simulator/faults.ts';
import { runScenario, type Verdict } from '../../src/simulator/run.ts';
import { commandOf, type Scenario, scenarioOf } from '../../src/simulator/scenario.ts';
import { strategies } from '../../src/simulator/strategies/registry.ts';

installNodeSha256();

const scenario = (change: Partial<Scenario>): Scenario => ({
  seed: 1,
  powers: [1n, 1n, 1n, 1n],
  liars: [],
  faults: [],
  observers: 0,
  durationMs: 15_000,
  signatures: 'stand-in',
  ...change,
});

const broken = ({ violations }: Verdict): string[] => violations.map(({ checker }) => checker);

/** Runs it and says how to see a failure again. */
function holds(of: Scenario): Verdict {
  const verdict = runScenario(of);
  expect({ command: commandOf(of), violations: verdict.violations }).toEqual({
    command: commandOf(of),
    violations: [],
  });
  return verdict;
}

describe('a simulation', () => {
  test('is the same, event by event, for the same seed, and another for another', () => {
    const of = scenario({ faults: ['loss', 'crash', 'partition'], liars: [{ validator: 2, strategy: 'equivocate' }] });
    const [first, again, other] = [runScenario(of), runScenario(of), runScenario({ ...of, seed: 2 })];
    expect(again.traceHash).toBe(first.traceHash);
    expect(again.events).toBe(first.events);
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  test('without faults commits what is submitted, and changes no view', () => {
    const verdict = holds(scenario({}));
    expect(verdict.transactions).toBeGreaterThan(3);
    expect(verdict.laterViews).toBe(0);
  });

  test('runs with real signatures too', () => {
    const verdict = holds(scenario({ signatures: 'ed25519', durationMs: 500 }));
    expect(verdict.height).toBeGreaterThan(0);
  });

  test('forks when more than a third lie, and the checker of agreement says so', () => {
    const verdict = runScenario(
      scenario({
        liars: [
          { validator: 0, strategy: 'equivocate' },
          { validator: 1, strategy: 'equivocate' },
        ],
      }),
    );
    expect(broken(verdict)).toContain('agreement');
  });

  test('stops when more than a third are silent, and the checker of liveness says so', () => {
    const liars = [0, 1].map((validator) => ({ validator, strategy: 'silent' }));
    expect(broken(runScenario(scenario({ liars })))).toContain('liveness');
  });

  test.for([...faults.keys()])('recovers from %s, an observer too', (fault) => {
    holds(scenario({ seed: 7, faults: [fault], observers: 1 }));
  });

  test.for([...strategies.keys()])('holds against a validator that lies, also to an observer: %s', (strategy) => {
    holds(scenario({ seed: 5, liars: [{ validator: 1, strategy }], faults: ['delay', 'loss'], observers: 1 }));
  });

  test('holds against two colluding equivocators among seven', () => {
    const liars = [0, 1].map((validator) => ({ validator, strategy: 'equivocate' }));
    holds(scenario({ powers: Array.from({ length: 7 }, () => 1n), liars }));
  });

  test('holds in scenarios as the hunt makes them', () => {
    for (let seed = 1; seed <= 12; seed++) holds(scenarioOf(seed, 10_000));
  });
});
