/** A report says nothing that its reader cannot check, and nothing in it can be changed. */
import { describe, expect, test } from 'vitest';
import type { EpochSet } from '../../src/ledger/epoch.ts';
import { findCulprits } from '../../src/forensics/culprits.ts';
import { checkReport, type Report, reportOf } from '../../src/forensics/report.ts';
import { EMPTY_TRANSCRIPT } from '../../src/forensics/transcript.ts';
import { authorityOf, CHAIN, H, instanceOf, Pens } from '../consensus/kit.ts';

const instance = instanceOf({ powers: [3, 2, 2, 2] });
const authority = authorityOf(instance);
const pens = new Pens(instance);
const certificates = [pens.certificate(3, H('a'), [0, 1, 2]), pens.certificate(3, H('b'), [0, 2, 3])];
const wrongNewView = pens.newView(
  1,
  [0, 2, 3].map((voter) => pens.viewChange(voter, 1)),
  {
    prePrepares: [pens.vote(1, 'pre-prepare', 1, 1, H('e'))],
  },
);
const report = reportOf(
  authority,
  findCulprits(authority, [{ ...EMPTY_TRANSCRIPT, certificates, newViews: [wrongNewView] }]),
);

const check = (json: unknown, epoch: EpochSet | undefined = instance): string => {
  const checked = checkReport(
    {
      genesis: { chainId: CHAIN, consensus: { window: instance.window } as never },
      epochs: { of: () => epoch },
      verify: authority.verify,
    },
    JSON.parse(JSON.stringify(json)),
  );
  return checked.ok ? 'ok' : checked.error.code;
};

const changed = (change: (copy: { -readonly [K in keyof Report]: Report[K] }) => void): unknown => {
  const copy = structuredClone(report);
  change(copy);
  return copy;
};

test('it names who is in both quorums, and a primary by its NEW-VIEW', () => {
  expect(report.culprits.map(({ index, power, evidence }) => [index, power, evidence.kind])).toEqual([
    [0, '3', 'equivocation'],
    [1, '2', 'new-view'],
    [2, '2', 'equivocation'],
  ]);
  expect([report.power, report.total, report.fork?.height]).toEqual(['7', '9', 3]);
});

describe('a report', () => {
  const other = instanceOf({ powers: [1, 1, 1, 1] });
  test.each<[string, unknown, string, EpochSet?]>([
    ['as it was written', report, 'ok'],
    ['without culprits and power', changed((copy) => Object.assign(copy, { culprits: [], power: '0' })), 'ok'],
    ['that is none', { format: 'trefoil/genesis/v1' }, 'MALFORMED'],
    ['of another chain', changed((copy) => (copy.chainId = H('f'))), 'WRONG_CHAIN'],
    ['of other validators', report, 'ANOTHER_SET', other],
    ['with other powers of validators', changed((copy) => (copy.validators[3]!.power = '9')), 'ANOTHER_SET'],
    ['with another hash of the set', changed((copy) => (copy.validatorsHash = H('f'))), 'ANOTHER_SET'],
    ['with one culprit twice', changed((copy) => copy.culprits.push(copy.culprits[2]!)), 'OUT_OF_ORDER'],
    ['that names another by the same proof', changed((copy) => (copy.culprits[2]!.index = 3)), 'ANOTHER_CULPRIT'],
    [
      'that names another by a NEW-VIEW',
      changed((copy) => copy.culprits.splice(0, 3, { ...copy.culprits[1]!, index: 3 })),
      'ANOTHER_CULPRIT',
    ],
    ['that names nobody', changed((copy) => (copy.culprits[2]!.index = 4)), 'NOT_A_VALIDATOR'],
    ['with more power for a culprit', changed((copy) => (copy.culprits[2]!.power = '3')), 'WRONG_POWER'],
    ['with more power in all', changed((copy) => (copy.power = '8')), 'WRONG_POWER'],
    ['with less of a total', changed((copy) => (copy.total = '8')), 'WRONG_POWER'],
    ['with another hash in a vote', changed((copy) => forge(copy.culprits[0]!.evidence)), 'BAD_SIGNATURE'],
    ['with an honest NEW-VIEW', changed((copy) => (copy.culprits[1]!.evidence = honestNewView())), 'NOT_AN_OFFENCE'],
  ])('%s', (_, json, code, epoch) => expect(check(json, epoch)).toBe(code));

  test('of an epoch that nobody knows', () => {
    const checked = checkReport(
      {
        genesis: { chainId: CHAIN, consensus: { window: 4 } as never },
        epochs: { of: () => undefined },
        verify: authority.verify,
      },
      report,
    );
    expect(checked.ok ? 'ok' : checked.error.code).toBe('UNKNOWN_EPOCH');
  });
});

function forge(evidence: Report['culprits'][number]['evidence']): void {
  if (evidence.kind !== 'equivocation') throw new Error('another kind');
  evidence.second.vote.hash = H('c');
}

function honestNewView(): Report['culprits'][number]['evidence'] {
  const newView = pens.newView(
    1,
    [0, 2, 3].map((voter) => pens.viewChange(voter, 1)),
  );
  const { culprits } = reportOf(authority, {
    fork: undefined,
    culprits: [{ index: 1 as never, power: 2n as never, proof: { kind: 'new-view', newView } }],
    power: 2n,
    total: 9n,
  });
  return culprits[0]!.evidence;
}
