/**
 * Scenarios that must stay what they are, as the options of `trefoil simulate` that a hunt printed: what a seed draws changes
 * with every liar and fault that comes new, and the seed alone would soon stand for something else.
 */
import type { Scenario } from '../../src/simulator/search/scenario.ts';

/** Throws where it has no option of `commandOf` before it. */
export function pinned(options: string): Scenario {
  let scenario: Scenario = {
    seed: 1,
    powers: [],
    liars: [],
    faults: [],
    observers: 0,
    durationMs: 60_000,
    signatures: 'stand-in',
  };
  for (const [, name, quoted, word] of options.matchAll(/--([a-z]+) (?:'([^']*)'|(\S+))/g)) {
    const value = quoted ?? word ?? '';
    scenario = { ...scenario, ...read(String(name), value, scenario) };
  }
  return scenario;
}

function read(name: string, value: string, { liars }: Scenario): Partial<Scenario> {
  switch (name) {
    case 'seed':
      return { seed: Number(value) };
    case 'nodes':
      return { powers: Array.from({ length: Number(value) }, () => 1n) };
    case 'powers':
      return { powers: value.split(',').map(BigInt) };
    case 'byzantine': {
      const [validator, strategy = ''] = value.split('=');
      return { liars: [...liars, { validator: Number(validator), strategy }] };
    }
    case 'plan':
      return { plan: value };
    case 'faults':
      return { faults: value.split(',') };
    case 'observers':
      return { observers: Number(value) };
    case 'costs':
      return { costs: value !== 'off' };
    case 'members':
      return { members: value === 'on' };
    case 'duration':
      return { durationMs: 1000 * Number(value.replace(/s$/, '')) };
    default:
      throw new Error(`no option --${name}`);
  }
}
