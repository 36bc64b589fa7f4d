/** Who is named, and by what: only by what somebody signed. */
import { describe, expect, test } from 'vitest';
import { findCulprits } from '../../src/forensics/culprits.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from '../../src/forensics/transcript.ts';
import { transcriptFromJson, transcriptToJson } from '../../src/forensics/transcript-json.ts';
import { commitCertificateOf } from '../../src/consensus/tally.ts';
import type { SignedViewChange } from '../../src/consensus/messages.ts';
import { authorityOf, CHAIN, H, instanceOf, Pens } from '../consensus/kit.ts';

const [A, B] = [H('a'), H('b')];
const instance = instanceOf({ lastHeight: 10 });
const authority = authorityOf(instance);
const pens = new Pens(instance);

const commits = (view: number, height: number, body: string, voters: readonly number[]) =>
  commitCertificateOf(
    new Map(voters.map((voter) => [voter as never, pens.vote(voter, 'commit', view, height, H(body))])),
    H(body),
  );
const named = (...parts: readonly Partial<Transcript>[]): readonly (readonly [number, string])[] =>
  findCulprits(
    authority,
    parts.map((part) => ({ ...EMPTY_TRANSCRIPT, ...part })),
  ).culprits.map(({ index, proof }) => [index, proof.kind]);

describe('named are', () => {
  test('those who are in both of two quorums of COMMITs of one view', () =>
    expect(named({ commits: [commits(0, 1, 'a', [0, 1, 2])] }, { commits: [commits(0, 1, 'b', [1, 2, 3])] })).toEqual([
      [1, 'equivocation'],
      [2, 'equivocation'],
    ]));

  test('those who hid in a NEW-VIEW what they had committed to', () => {
    const newView = pens.newView(
      1,
      [1, 2, 3].map((voter) => pens.viewChange(voter, 1)),
    );
    expect(named({ commits: [commits(0, 1, 'a', [0, 1, 2])] }, { newViews: [newView] })).toEqual([
      [1, 'amnesia'],
      [2, 'amnesia'],
    ]);
  });

  test('those whose votes stand in prepared certificates of two bodies, the primary by its PRE-PREPARE', () => {
    const shows = (voter: number, body: string): SignedViewChange =>
      pens.viewChange(voter, 1, { prepared: [pens.prepared(0, 1, H(body), body === 'a' ? [1, 2] : [2, 3])] });
    expect(named({ viewChanges: [shows(1, 'a'), shows(3, 'b')] })).toEqual([
      [0, 'equivocation'],
      [2, 'equivocation'],
    ]);
  });

  test('a primary whose NEW-VIEW proposes another body than its VIEW-CHANGEs show', () => {
    const prepared = [pens.prepared(0, 1, A, [1, 2])];
    const moved = [pens.viewChange(1, 1, { prepared }), pens.viewChange(2, 1, { prepared }), pens.viewChange(3, 1)];
    const newView = pens.newView(1, moved, { prePrepares: [pens.vote(1, 'pre-prepare', 1, 1, B)] });
    expect(named({ newViews: [newView] })).toEqual([[1, 'new-view']]);
  });

  test('a backup that begins the view of another', () => {
    const moved = [1, 2, 3].map((voter) => pens.viewChange(voter, 1));
    expect(named({ newViews: [pens.newView(1, moved, { voter: 2 })] })).toEqual([[2, 'new-view']]);
  });

  test('those whose two votes stand behind forged ones', () => {
    const forged = (body: string) => ({ ...pens.vote(1, 'commit', 0, 1, H(body)), signature: new Uint8Array(64) });
    const real = [pens.vote(1, 'commit', 0, 1, A), pens.vote(1, 'commit', 0, 1, B)];
    expect(named({ votes: [forged('a'), forged('b'), ...real] })).toEqual([[1, 'equivocation']]);
  });
});

describe('nobody is named', () => {
  const moved = [1, 2, 3].map((voter) => pens.viewChange(voter, 1));
  test.each<[string, Partial<Transcript>]>([
    ['where nothing is said', {}],
    [
      'for a quorum of one body, seen twice',
      { commits: [commits(0, 1, 'a', [0, 1, 2]), commits(0, 1, 'a', [1, 2, 3])] },
    ],
    ['for bodies of two heights', { commits: [commits(0, 1, 'a', [0, 1, 2]), commits(0, 2, 'b', [0, 1, 2])] }],
    [
      'for bodies of two views, whatever happened between',
      { commits: [commits(0, 1, 'a', [0, 1, 2]), commits(2, 1, 'b', [0, 1, 2])] },
    ],
    ['for a NEW-VIEW that follows from what it carries', { newViews: [pens.newView(1, moved)] }],
    [
      'for votes of another epoch',
      {
        votes: [
          { ...pens.vote(1, 'commit', 0, 1, A), vote: { ...pens.vote(1, 'commit', 0, 1, A).vote, epoch: 1 as never } },
        ],
      },
    ],
    [
      'by votes that somebody else signed',
      { votes: [pens.vote(1, 'commit', 0, 1, A), { ...pens.vote(2, 'commit', 0, 1, B), voter: 1 as never }] },
    ],
    [
      'by a NEW-VIEW that somebody else signed',
      { newViews: [{ newView: { ...pens.newView(1, []).newView }, signature: new Uint8Array(64) }] },
    ],
    [
      'by two signatures of one vote',
      {
        votes: [pens.vote(1, 'commit', 0, 1, A), { ...pens.vote(1, 'commit', 0, 1, A), signature: new Uint8Array(64) }],
      },
    ],
  ])('%s', (_, transcript) => expect(named(transcript)).toEqual([]));
});

test('a transcript is the same after it was text, and a shown certificate is one', () => {
  const transcript: Transcript = {
    votes: [pens.vote(1, 'prepare', 0, 1, A)],
    certificates: [pens.certificate(1, A, [0, 1, 2])],
    commits: [commits(0, 1, 'a', [0, 1, 2])],
    viewChanges: [pens.viewChange(1, 1)],
    newViews: [
      pens.newView(
        1,
        [1, 2, 3].map((voter) => pens.viewChange(voter, 1)),
      ),
    ],
  };
  const text = JSON.parse(JSON.stringify(transcriptToJson(CHAIN, transcript))) as unknown;
  expect(transcriptFromJson(CHAIN, text)).toEqual({ ok: true, value: transcript });
  expect(transcriptFromJson(A, text)).toMatchObject({ error: { code: 'WRONG_CHAIN' } });
  const { signers, signatures, ...rest } = pens.certificate(1, A, [0, 1, 2]);
  const hex = signatures.map((bytes) => Buffer.from(bytes).toString('hex'));
  const shown = { ...rest, signers: signers.getTrueBitIndexes(), signatures: hex };
  for (const json of [shown, { height: 1, certificate: shown }]) {
    const read = transcriptFromJson(CHAIN, json);
    expect(read.ok && read.value.certificates).toEqual(transcript.certificates);
  }
  expect(transcriptFromJson(CHAIN, { certificate: null })).toMatchObject({ error: { code: 'MALFORMED' } });
});
