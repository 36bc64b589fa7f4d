/** Who hides in a VIEW-CHANGE what its own COMMIT says was prepared is caught (A4), and nobody honest ever is. */
import { describe, expect, test } from 'vitest';
import { authenticate } from '../../src/consensus/authenticate.ts';
import { claimsOf, type SignedViewChange } from '../../src/consensus/messages.ts';
import { checkEvidence } from '../../src/consensus/evidence.ts';
import type { SignedVote } from '../../src/ledger/vote.ts';
import { authorityOf, Bench, H, instanceOf, Pens } from './kit.ts';

const [A, B, BLOCK] = [H('a'), H('b'), H('d')];
const instance = instanceOf({ lastHeight: 10 });
const pens = new Pens(instance);

const evidenceOf = (commit: SignedVote, { viewChange, signature }: SignedViewChange) => ({
  kind: 'amnesia' as const,
  commit,
  viewChange: { claims: claimsOf(viewChange), signature },
});

describe('a COMMIT of view 1 and height 3, and a VIEW-CHANGE', () => {
  const commit = pens.vote(2, 'commit', 1, 3, A);
  const stable = (height: number) => ({ stable: pens.certificate(height, BLOCK, [0, 1, 2]) });
  const prepared = (view: number, height: number, body = A) => ({
    prepared: [
      pens.prepared(
        view,
        height,
        body,
        [0, 2, 3].filter((voter) => voter !== pens.primary(view)),
      ),
    ],
  });
  test.each<[string, SignedVote, SignedViewChange, string]>([
    ['that shows nothing', commit, pens.viewChange(2, 2), 'ok'],
    ['to a far view', commit, pens.viewChange(2, 9), 'ok'],
    ['that shows what was prepared in an earlier view', commit, pens.viewChange(2, 2, prepared(0, 3)), 'ok'],
    ['that shows another body of the view', commit, pens.viewChange(2, 2, prepared(1, 3, B)), 'ok'],
    ['that shows another height', commit, pens.viewChange(2, 2, prepared(1, 4)), 'ok'],
    ['with the certificate of the height before', commit, pens.viewChange(2, 2, stable(2)), 'ok'],
    ['that shows it', commit, pens.viewChange(2, 2, prepared(1, 3)), 'NOT_AN_OFFENCE'],
    ['that shows another body of a later view', commit, pens.viewChange(2, 3, prepared(2, 3, B)), 'NOT_AN_OFFENCE'],
    ['with the certificate of the height', commit, pens.viewChange(2, 2, stable(3)), 'NOT_AN_OFFENCE'],
    ['with the certificate of a later height', commit, pens.viewChange(2, 2, stable(4)), 'NOT_AN_OFFENCE'],
    ['to that view', commit, pens.viewChange(2, 1), 'NOT_AN_OFFENCE'],
    ['of another', commit, pens.viewChange(3, 2), 'NOT_AN_OFFENCE'],
    ['where the vote is a PREPARE', pens.vote(2, 'prepare', 1, 3, A), pens.viewChange(2, 2), 'NOT_AN_OFFENCE'],
    ['that nobody signed', commit, { ...pens.viewChange(2, 2), signature: new Uint8Array(64) }, 'BAD_SIGNATURE'],
    ['beside a forged COMMIT', { ...commit, signature: new Uint8Array(64) }, pens.viewChange(2, 2), 'BAD_SIGNATURE'],
    [
      'of nobody',
      { ...commit, voter: 9 as never },
      { ...pens.viewChange(2, 2), viewChange: { ...pens.viewChange(2, 2).viewChange, voter: 9 as never } },
      'NOT_A_VALIDATOR',
    ],
    ['beyond the epoch', pens.vote(2, 'commit', 1, 11, A), pens.viewChange(2, 2), 'HEIGHT_OUT_OF_RANGE'],
  ])('%s', (_, vote, viewChange, code) => {
    const checked = checkEvidence(authorityOf(instance), evidenceOf(vote, viewChange));
    expect(checked.ok ? 'ok' : checked.error.code).toBe(code);
  });

  test('of another epoch is no evidence of this one', () => {
    const other = new Pens(instanceOf({ epoch: 1, firstHeight: 1, lastHeight: 10 }));
    const evidence = evidenceOf(other.vote(2, 'commit', 1, 3, A), other.viewChange(2, 2));
    const checked = checkEvidence(authorityOf(instance), evidence);
    expect(checked.ok ? 'ok' : checked.error.code).toBe('WRONG_EPOCH');
    const mixed = checkEvidence(authorityOf(instance), evidenceOf(commit, other.viewChange(2, 2)));
    expect(mixed.ok ? 'ok' : mixed.error.code).toBe('NOT_AN_OFFENCE');
  });

  test('whose certificates were taken out on the way does not convict: the signature covers them', () => {
    const shown = pens.viewChange(2, 2, prepared(1, 3));
    const stripped = { ...shown, viewChange: { ...shown.viewChange, prepared: [] } };
    const checked = checkEvidence(authorityOf(instance), evidenceOf(commit, stripped));
    expect(checked.ok ? 'ok' : checked.error.code).toBe('BAD_SIGNATURE');
  });
});

test('a VIEW-CHANGE whose certificates were changed on the way for others that hold as well is refused', () => {
  const { viewChange, signature } = pens.viewChange(2, 2, { prepared: [pens.prepared(0, 1, A, [2, 3])] });
  const changed = { ...viewChange, prepared: [pens.prepared(0, 1, A, [1, 2])] };
  const codes = [viewChange, changed].map((each) => {
    const checked = authenticate(authorityOf(instance), {
      kind: 'view-change',
      viewChange: { viewChange: each, signature },
    });
    return checked.ok ? 'ok' : checked.error.code;
  });
  expect(codes).toEqual(['ok', 'BAD_SIGNATURE']);
});

describe('a replica reports', () => {
  const CAUGHT = 'amnesia 2 commit v0 h1 a | view-change v1';

  test('a VIEW-CHANGE that hides a COMMIT that it holds, once', () => {
    const bench = new Bench();
    bench.vote(2, 'commit', 0, 1, A);
    expect(bench.receive(2, { kind: 'view-change', viewChange: bench.pens.viewChange(2, 1) })).toEqual([CAUGHT]);
    expect(bench.receive(2, { kind: 'view-change', viewChange: bench.pens.viewChange(2, 2) })).toEqual([]);
  });

  test('a COMMIT in a view that its voter has left', () => {
    const bench = new Bench();
    bench.receive(2, { kind: 'view-change', viewChange: bench.pens.viewChange(2, 1) });
    expect(bench.vote(2, 'commit', 0, 1, A)).toEqual([CAUGHT]);
  });

  test('what a NEW-VIEW shows, though its own views have gone on', () => {
    const bench = new Bench({ self: 3 });
    bench.vote(2, 'commit', 0, 1, A);
    const moved = [0, 1, 2].map((voter) => bench.pens.viewChange(voter, 1));
    const effects = bench.receive(1, { kind: 'new-view', newView: bench.pens.newView(1, moved) });
    expect(effects[0]).toBe(CAUGHT);
    expect(effects.filter((line) => line.startsWith('amnesia'))).toHaveLength(1);
  });

  test('what it holds of a height that is settled here, one window long', () => {
    const bench = new Bench({ self: 3, window: 2 });
    const certify = (height: number) =>
      bench.receive(0, { kind: 'certificate', certificate: bench.pens.certificate(height, BLOCK, [0, 1, 2]) });
    bench.vote(2, 'commit', 0, 1, A);
    certify(2);
    expect(bench.replica.lastCommits.size).toBe(1);
    certify(3);
    expect(bench.replica.lastCommits.size).toBe(0);
  });

  test('nothing where the VIEW-CHANGE shows it', () => {
    const bench = new Bench();
    bench.vote(2, 'commit', 0, 1, A);
    const viewChange = bench.pens.viewChange(2, 1, { prepared: [bench.pens.prepared(0, 1, A, [2, 3])] });
    expect(bench.receive(2, { kind: 'view-change', viewChange })).toEqual([]);
  });
});
