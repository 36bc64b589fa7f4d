import { describe, expect, it } from 'vitest';
import { epoch, type Height, power, validatorIndex, ZERO_HASH } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { DriverStatus } from '../../src/driver/reports.ts';
import { type Genesis, parseGenesis } from '../../src/ledger/genesis.ts';
import { validatorSet } from '../../src/ledger/validators.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { type NodeCondition, readinessReasons } from '../../src/node/readiness.ts';

/** The development genesis with other powers: validators 0, 1, … */
function genesisOf(powers: readonly bigint[]): Genesis {
  const parsed = parseGenesis(developmentNetwork(powers.length).genesisText);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const validators = parsed.value.validators.members.map((validator, i) => ({
    ...validator,
    power: power(present(powers[i], 'power')),
  }));
  return { ...parsed.value, validators: validatorSet(validators) };
}

/** Validator 0, connected to those named. */
function condition(powers: readonly bigint[], connected: readonly number[], changes: Partial<NodeCondition> = {}) {
  const genesis = genesisOf(powers);
  const peerOf = (index: number): string => present(genesis.validators.members[index], 'validator').peerId;
  const status: DriverStatus = {
    epoch: epoch(0),
    validators: genesis.validators,
    self: validatorIndex(0),
    view: 2,
    active: true,
    primary: validatorIndex(2),
    executedHeight: 100 as Height,
    finalHeight: 99 as Height,
    finalHash: ZERO_HASH,
    catchingUpTo: null,
    mempool: { size: 0, bytes: 0 },
    waiting: false,
    peers: new Map(connected.map((index) => [peerOf(index), null])),
    halted: false,
    silenced: false,
    followers: [],
    upgrade: null,
  };
  return { genesis, peerId: peerOf(0), status, stopping: false, halted: null, quietMs: 0, ...changes };
}

const EQUAL = [1n, 1n, 1n, 1n];
const reasons = (node: NodeCondition) => readinessReasons(node).map(({ code, detail }) => `${code}: ${detail}`);

describe('readiness', () => {
  it.each([
    ['everybody', EQUAL, [1, 2, 3]],
    ['three of four', EQUAL, [1, 3]],
    ['more than two thirds of the power', [5n, 1n, 1n], [1]],
    ['itself, when it has the power', [7n, 1n, 1n, 1n], []],
  ])('is there with %s', (_, powers, connected) => {
    expect(reasons(condition(powers, connected))).toEqual([]);
  });

  it.each([
    ['two of four', EQUAL, [1], 'connected to power 2 of 4, at least 3 is needed; missing: validator-2, validator-3'],
    [
      'exactly two thirds',
      [1n, 1n, 1n, 1n, 1n, 1n],
      [1, 2, 3],
      'connected to power 4 of 6, at least 5 is needed; missing: validator-4, validator-5',
    ],
    [
      'most peers but little power',
      [1n, 1n, 7n],
      [1],
      'connected to power 2 of 9, at least 7 is needed; missing: validator-2',
    ],
  ])('is not there with %s, and the reason names who is missing', (_, powers, connected, detail) => {
    expect(reasons(condition(powers, connected))).toEqual([`QUORUM_MISSING: ${detail}`]);
  });

  it('is not there while blocks are missing, and the reason says how many', () => {
    const node = condition(EQUAL, [1, 2, 3]);
    const behind = { ...node, status: { ...node.status, catchingUpTo: 350 as Height } };
    expect(reasons(behind)).toEqual(['CATCHING_UP: at height 100 of 350, 250 behind']);
    expect(reasons({ ...node, status: { ...node.status, catchingUpTo: 100 as Height } })).toEqual([]);
  });

  it('ends when no block comes although a quorum is connected', () => {
    const { idleBlockMs, baseTimeoutTicks, tickMs } = genesisOf(EQUAL).consensus;
    const quietMsMax = idleBlockMs + 4 * baseTimeoutTicks * tickMs;
    expect(reasons(condition(EQUAL, [1, 2], { quietMs: quietMsMax }))).toEqual([]);
    const seconds = quietMsMax / 1000;
    const late = condition(EQUAL, [1, 2], { quietMs: quietMsMax + 1 });
    expect(reasons(late)).toEqual([`NO_PROGRESS: no block became final for ${seconds} s; view 2, primary validator-2`]);
    const changing = { ...late, status: { ...late.status, active: false } };
    expect(reasons(changing)).toEqual([
      `NO_PROGRESS: no block became final for ${seconds} s; view 2 is being changed to`,
    ]);
    const alone = condition(EQUAL, [], { quietMs: quietMsMax * 10 });
    expect(readinessReasons(alone).map(({ code }) => code)).toEqual(['QUORUM_MISSING']);
  });

  it('ends with the node, whatever else is wrong', () => {
    expect(reasons(condition(EQUAL, [], { stopping: true }))).toEqual(['STOPPING: this node is stopping']);
    const halted = condition(EQUAL, [], { stopping: true, halted: new Error('the disk is full') });
    expect(reasons(halted)).toEqual(['HALTED: this node has halted: the disk is full']);
  });
});
