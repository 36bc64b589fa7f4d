/** Scenarios in which validators come and go, as the hunt made them. */
import { expect, test } from 'vitest';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { runScenario } from '../../src/simulator/search/run.ts';
import { pinned } from './pinned.ts';

installNodeSha256();

const SCENARIOS = [
  [
    'rules change beside a liar',
    '--seed 8 --nodes 4 --byzantine 0=invalid-body --faults loss,pause,reorder,slow --observers 1 --duration 15s --members on',
  ],
  [
    'sets change at every turn while nodes crash and are cut off',
    '--seed 4 --powers 1,2,2,1,1,3,2 --faults crash,partition --duration 5s --members on',
  ],
] as const;

test.for(SCENARIOS)('%s', { timeout: 120_000 }, ([, options]) => {
  const changes = new Set<string>();
  const verdict = runScenario(pinned(options), undefined, ({ clients, epochs }) => {
    const settled = clients.settled.bind(clients);
    clients.settled = (record) => {
      const known = epochs.at(record.header.height);
      const powers = known?.validators.members.map(({ index, power }) => `${index}:${power}`);
      changes.add(`${powers?.join(' ')} for ${known?.parameters.ledger.weightPrice}`);
      settled(record);
    };
  });
  expect(verdict.violations).toEqual([]);
  expect(changes.size).toBeGreaterThan(1);
});
