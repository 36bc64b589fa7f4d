import { expect, test } from 'vitest';
import type { Observation } from '../../src/cli/testnet/observe.ts';
import { verdictText } from '../../src/cli/testnet/verdict.ts';

const offence = (validator: number, height: number) => ({ validator, height, kind: 'commit', epoch: 0, view: 0 });

const seen = (index: number, certifiedHeight: number, more: object = {}, byzantine?: string): Observation =>
  ({
    node: { index, ...(byzantine !== undefined && { byzantine }) },
    running: true,
    status: { certifiedHeight, offences: [], misbehaviour: [], ...more },
  }) as unknown as Observation;

test('names the first lie of each validator, and what else it was caught at', () => {
  const observations = [
    seen(0, 213, { offences: [offence(3, 44), offence(3, 41)] }),
    seen(1, 214, {
      offences: [offence(3, 42)],
      misbehaviour: [{ validator: 2, code: 'MALFORMED', count: 5, last: '' }],
    }),
    seen(3, 900, { offences: [offence(0, 1)] }, 'equivocate'),
  ];
  expect(verdictText(observations, true)).toBe(
    'safety held · 214 blocks · validator 3 caught equivocating at height 41 · validator 2 caught sending MALFORMED',
  );
});

test('says of amnesia what it is', () => {
  const offences = [{ ...offence(3, 41), kind: 'amnesia' }];
  expect(verdictText([seen(0, 213, { offences })], true)).toBe(
    'safety held · 213 blocks · validator 3 caught hiding its COMMIT at height 41',
  );
});

test('says first what must never be', () => {
  expect(verdictText([seen(0, 7)], false)).toBe('SAFETY VIOLATED · 7 blocks');
});

test('claims nothing when only a liar answers', () => {
  expect(verdictText([seen(3, 900, {}, 'equivocate')], true)).toBe('no verdict: no honest validator answers');
});
