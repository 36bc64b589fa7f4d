/** The door of the core: every way in which a message of another replica can be wrong, and that it is seen. */
import type { BitArray } from '@chainsafe/ssz';
import { describe, expect, test } from 'vitest';
import { authenticate, checkCertificate } from '../../src/consensus/authenticate.ts';
import { checkEvidence } from '../../src/consensus/evidence.ts';
import {
  type Message,
  newViewSigningBytes,
  type NewView,
  type PreparedCertificate,
  type SignedNewView,
  type SignedViewChange,
  viewChangeSigningBytes,
} from '../../src/consensus/messages.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { NULL_BODY_HASH } from '../../src/ledger/block.ts';
import type { Certificate, SignedVote } from '../../src/ledger/vote.ts';
import { authorityOf, CHAIN, H, instanceOf, Pens } from './kit.ts';
import { standInSignature } from './stand-in.ts';

const A = H('a');
const B = H('b');
const BLOCK = H('d');
const instance = instanceOf({ lastHeight: 10 });
const authority = authorityOf(instance);
const pens = new Pens(instance);
const otherEpoch = new Pens(instanceOf({ epoch: 1 }));
const keyOf = (voter: number): Uint8Array => instance.validators.members[voter]!.publicKey;
const forged = new Uint8Array(64).fill(9);

const codeOf = (message: Message): string => {
  const checked = authenticate(authority, message);
  return checked.ok ? 'ok' : checked.error.code;
};
const voteCode = (vote: SignedVote): string => codeOf({ kind: 'vote', vote });
const viewChangeCode = (viewChange: SignedViewChange): string => codeOf({ kind: 'view-change', viewChange });
const newViewCode = (newView: SignedNewView): string => codeOf({ kind: 'new-view', newView });

/** Changes the statement and signs it anew; what is wrong is then the statement. */
function resign(signed: SignedViewChange, changes: object): SignedViewChange {
  const viewChange = { ...signed.viewChange, ...changes } as SignedViewChange['viewChange'];
  return {
    viewChange,
    signature: standInSignature(keyOf(viewChange.voter), viewChangeSigningBytes(CHAIN, viewChange)),
  };
}
function resignNewView(signed: SignedNewView, changes: Partial<NewView>): SignedNewView {
  const newView = { ...signed.newView, ...changes };
  return { newView, signature: standInSignature(keyOf(newView.voter), newViewSigningBytes(CHAIN, newView)) };
}

describe('votes', () => {
  const good = pens.vote(2, 'commit', 1, 3, A);
  test.each<readonly [string, SignedVote, string]>([
    ['a COMMIT', good, 'ok'],
    ['a PRE-PREPARE of the primary', pens.vote(1, 'pre-prepare', 1, 3, A), 'ok'],
    ['a CHECKPOINT', pens.vote(2, 'checkpoint', 0, 3, A), 'ok'],
    ['at the first height', pens.vote(2, 'commit', 1, 1, A), 'ok'],
    ['at the last height', pens.vote(2, 'commit', 1, 10, A), 'ok'],
    ['of another epoch', otherEpoch.vote(2, 'commit', 1, 3, A), 'WRONG_EPOCH'],
    ['below the epoch', pens.vote(2, 'commit', 1, 0, A), 'HEIGHT_OUT_OF_RANGE'],
    ['above the epoch', pens.vote(2, 'commit', 1, 11, A), 'HEIGHT_OUT_OF_RANGE'],
    ['a CHECKPOINT with a view', pens.vote(2, 'checkpoint', 1, 3, A), 'CHECKPOINT_WITH_VIEW'],
    ['of nobody', { ...good, voter: 4 as never }, 'NOT_A_VALIDATOR'],
    ['of nobody, by far', { ...good, voter: 65535 as never }, 'NOT_A_VALIDATOR'],
    ['a PRE-PREPARE of a backup', pens.vote(2, 'pre-prepare', 1, 3, A), 'NOT_THE_PRIMARY'],
    ['a PRE-PREPARE in a huge view', pens.vote(2, 'pre-prepare', Number.MAX_SAFE_INTEGER, 3, A), 'NOT_THE_PRIMARY'],
    ['with a forged signature', { ...good, signature: forged }, 'BAD_SIGNATURE'],
    ['with the signature of another', { ...good, voter: 3 as never }, 'BAD_SIGNATURE'],
    ...(['kind', 'view', 'height', 'hash'] as const).map((field) => {
      const other = { kind: 'prepare', view: 2, height: 4, hash: B }[field];
      const vote = { ...good.vote, [field]: other } as SignedVote['vote'];
      return [`with another ${field} than was signed`, { ...good, vote }, 'BAD_SIGNATURE'] as const;
    }),
  ])('%s', (_, vote, code) => expect(voteCode(vote)).toBe(code));

  test('of another chain', () => {
    const other = { ...authority, chainId: H('e') };
    expect(authenticate(other, { kind: 'vote', vote: good })).toMatchObject({ error: { code: 'BAD_SIGNATURE' } });
  });
});

const replaceBits = (bits: readonly number[]): BitArray => signersOf(bits as never);

describe('finality certificates', () => {
  const good = pens.certificate(3, BLOCK, [0, 1, 2]);
  test.each<readonly [string, Certificate, string]>([
    ['of three of four', good, 'ok'],
    ['of all', pens.certificate(3, BLOCK, [0, 1, 2, 3]), 'ok'],
    ['of two', pens.certificate(3, BLOCK, [0, 1]), 'QUORUM_NOT_MET'],
    ['of nobody', pens.certificate(3, BLOCK, []), 'QUORUM_NOT_MET'],
    ['of another epoch', otherEpoch.certificate(3, BLOCK, [0, 1, 2]), 'WRONG_EPOCH'],
    ['below the epoch', pens.certificate(0, BLOCK, [0, 1, 2]), 'HEIGHT_OUT_OF_RANGE'],
    ['above the epoch', pens.certificate(11, BLOCK, [0, 1, 2]), 'HEIGHT_OUT_OF_RANGE'],
    ['with a signer who is no validator', { ...good, signers: replaceBits([0, 1, 4]) }, 'NOT_A_VALIDATOR'],
    ['with the last bit set', { ...good, signers: replaceBits([0, 1, 63]) }, 'NOT_A_VALIDATOR'],
    ['with a bit that has no signature', { ...good, signers: replaceBits([0, 1, 2, 3]) }, 'OUT_OF_ORDER'],
    ['with a signature that has no bit', { ...good, signers: replaceBits([0, 1]) }, 'OUT_OF_ORDER'],
    ['with bits of others', { ...good, signers: replaceBits([0, 1, 3]) }, 'BAD_SIGNATURE'],
    ['with signatures in another order', { ...good, signatures: good.signatures.toReversed() }, 'BAD_SIGNATURE'],
    ['with one forged signature', { ...good, signatures: good.signatures.with(1, forged) }, 'BAD_SIGNATURE'],
    ['for another block', { ...good, blockHash: A }, 'BAD_SIGNATURE'],
    ['for another height', { ...good, height: 4 as never }, 'BAD_SIGNATURE'],
  ])('%s', (_, certificate, code) => {
    const checked = checkCertificate(authority, certificate);
    expect(checked.ok ? 'ok' : checked.error.code).toBe(code);
    expect(codeOf({ kind: 'certificate', certificate })).toBe(code);
  });
});

describe('VIEW-CHANGEs', () => {
  const stable = pens.certificate(2, BLOCK, [0, 1, 2]);
  const prepared = pens.prepared(1, 3, A, [2, 3]);
  const good = pens.viewChange(2, 3, { stable, prepared: [prepared, pens.prepared(0, 5, B, [1, 2])] });
  const withPrepared = (...certificates: PreparedCertificate[]) => resign(good, { prepared: certificates });

  test.each<readonly [string, SignedViewChange, string]>([
    ['with certificates', good, 'ok'],
    ['with nothing', pens.viewChange(2, 1), 'ok'],
    [
      'with what was prepared from the first height on',
      pens.viewChange(2, 1, { prepared: [pens.prepared(0, 1, A, [1, 2])] }),
      'ok',
    ],
    ['at the window’s end', withPrepared(pens.prepared(0, 6, A, [1, 2])), 'ok'],
    ['of another epoch', otherEpoch.viewChange(2, 3), 'WRONG_EPOCH'],
    ['of nobody', { ...good, viewChange: { ...good.viewChange, voter: 4 as never } }, 'NOT_A_VALIDATOR'],
    ['to view 0', pens.viewChange(2, 0), 'OUT_OF_ORDER'],
    ['with a forged signature', { ...good, signature: forged }, 'BAD_SIGNATURE'],
    ['that hides what was signed', { ...good, viewChange: { ...good.viewChange, prepared: [] } }, 'BAD_SIGNATURE'],
    [
      'with an insufficient certificate',
      resign(good, { stable: pens.certificate(2, BLOCK, [0, 1]) }),
      'QUORUM_NOT_MET',
    ],
    ['with a forged certificate', resign(good, { stable: { ...stable, blockHash: A } }), 'BAD_SIGNATURE'],
    ['with what is prepared at the certificate', withPrepared(pens.prepared(0, 2, A, [1, 2])), 'OUT_OF_ORDER'],
    ['with what is prepared beyond the window', withPrepared(pens.prepared(0, 7, A, [1, 2])), 'OUT_OF_ORDER'],
    ['with a height twice', withPrepared(prepared, prepared), 'OUT_OF_ORDER'],
    ['with heights falling', withPrepared(pens.prepared(0, 5, B, [1, 2]), prepared), 'OUT_OF_ORDER'],
    ['prepared in the view it moves to', withPrepared(pens.prepared(3, 3, A, [1, 2])), 'OUT_OF_ORDER'],
    ['prepared in a later view', withPrepared(pens.prepared(4, 3, A, [1, 2])), 'OUT_OF_ORDER'],
    ['prepared by too few', withPrepared(pens.prepared(1, 3, A, [2])), 'QUORUM_NOT_MET'],
    ['prepared with the primary counted twice', withPrepared(pens.prepared(1, 3, A, [1, 2])), 'OUT_OF_ORDER'],
    ['prepared by who is not the primary', withPrepared({ ...prepared, primary: 2 as never }), 'NOT_THE_PRIMARY'],
    ['prepared by nobody’s PRE-PREPARE', withPrepared({ ...prepared, primary: 999 as never }), 'NOT_A_VALIDATOR'],
    ['prepared without the PRE-PREPARE', withPrepared({ ...prepared, prePrepareSignature: forged }), 'BAD_SIGNATURE'],
    ['prepared for another body', withPrepared({ ...prepared, bodyHash: B }), 'BAD_SIGNATURE'],
    ['prepared in another view', withPrepared({ ...prepared, view: 2 as never, primary: 2 as never }), 'BAD_SIGNATURE'],
    [
      'prepared with a forged PREPARE',
      withPrepared({ ...prepared, prepareSignatures: [forged, forged] }),
      'BAD_SIGNATURE',
    ],
    [
      'prepared with more bits than PREPAREs',
      withPrepared({ ...prepared, prepares: replaceBits([0, 2, 3]) }),
      'OUT_OF_ORDER',
    ],
    ['prepared in another epoch', withPrepared({ ...prepared, epoch: 1 as never }), 'WRONG_EPOCH'],
    [
      'with COMMITs in the place of PREPAREs',
      withPrepared({
        ...prepared,
        prepareSignatures: [2, 3].map((voter) => pens.vote(voter, 'commit', 1, 3, A).signature),
      }),
      'BAD_SIGNATURE',
    ],
  ])('%s', (_, viewChange, code) => expect(viewChangeCode(viewChange)).toBe(code));
});

describe('NEW-VIEWs', () => {
  const low = pens.prepared(0, 4, A, [1, 2]);
  const high = pens.prepared(1, 4, B, [2, 3]);
  const stable = pens.certificate(1, BLOCK, [0, 1, 2]);
  const first = pens.viewChange(0, 2, { stable, prepared: [low] });
  const second = pens.viewChange(1, 2, { prepared: [pens.prepared(0, 2, A, [1, 3]), high] });
  const third = pens.viewChange(3, 2);
  const good = pens.newView(2, [first, second, third]);
  const propose = (height: number, hash: typeof A) => pens.vote(2, 'pre-prepare', 2, height, hash);
  const proposing = (...prePrepares: SignedVote[]) => resignNewView(good, { prePrepares });
  const begunBy = (...viewChanges: SignedViewChange[]) => resignNewView(good, { viewChanges });
  const [h2, h3, h4] = [propose(2, A), propose(3, NULL_BODY_HASH), propose(4, B)];

  test('what follows: above the newest certificate, the highest view wins, and gaps are null', () => {
    expect(good.newView.prePrepares.map(({ vote }) => [vote.height, vote.hash])).toEqual([
      [2, A],
      [3, NULL_BODY_HASH],
      [4, B],
    ]);
    expect(newViewCode(good)).toBe('ok');
    expect(newViewCode(proposing(h2, h3, h4))).toBe('ok');
  });

  test.each<readonly [string, SignedNewView, string]>([
    ['a height dropped at the end', proposing(h2, h3), 'NEW_VIEW_MISMATCH'],
    ['a height dropped at the beginning', proposing(h3, h4), 'NEW_VIEW_MISMATCH'],
    ['all dropped', proposing(), 'NEW_VIEW_MISMATCH'],
    ['a height added', proposing(h2, h3, h4, propose(5, A)), 'NEW_VIEW_MISMATCH'],
    ['heights reordered', proposing(h3, h2, h4), 'NEW_VIEW_MISMATCH'],
    ['a prepared height made null', proposing(propose(2, NULL_BODY_HASH), h3, h4), 'NEW_VIEW_MISMATCH'],
    ['a gap filled', proposing(h2, propose(3, A), h4), 'NEW_VIEW_MISMATCH'],
    ['the lower view chosen', proposing(h2, h3, propose(4, A)), 'NEW_VIEW_MISMATCH'],
    ['a COMMIT in the place of a PRE-PREPARE', proposing(pens.vote(2, 'commit', 2, 2, A), h3, h4), 'NEW_VIEW_MISMATCH'],
    ['a PRE-PREPARE of another view', proposing(pens.vote(2, 'pre-prepare', 6, 2, A), h3, h4), 'NEW_VIEW_MISMATCH'],
    ['a PRE-PREPARE of another', proposing(pens.vote(1, 'pre-prepare', 2, 2, A), h3, h4), 'NEW_VIEW_MISMATCH'],
    ['a forged PRE-PREPARE', proposing({ ...h2, signature: forged }, h3, h4), 'BAD_SIGNATURE'],
    ['of who is not the primary', resignNewView(good, { voter: 1 as never }), 'NOT_THE_PRIMARY'],
    ['of nobody', { ...good, newView: { ...good.newView, voter: 77 as never } }, 'NOT_A_VALIDATOR'],
    ['of view 0', resignNewView(good, { view: 0 as never, voter: 0 as never }), 'NOT_THE_PRIMARY'],
    ['with a forged signature', { ...good, signature: forged }, 'BAD_SIGNATURE'],
    [
      'of another epoch',
      otherEpoch.newView(
        1,
        [0, 1, 3].map((v) => otherEpoch.viewChange(v, 1)),
      ),
      'WRONG_EPOCH',
    ],
    ['of two VIEW-CHANGEs', begunBy(first, second), 'QUORUM_NOT_MET'],
    ['of none', begunBy(), 'QUORUM_NOT_MET'],
    ['of one VIEW-CHANGE three times', begunBy(first, first, first), 'OUT_OF_ORDER'],
    ['of VIEW-CHANGEs in another order', begunBy(second, first, third), 'OUT_OF_ORDER'],
    ['with a VIEW-CHANGE to another view', begunBy(first, second, pens.viewChange(3, 3)), 'OUT_OF_ORDER'],
    ['with a forged VIEW-CHANGE', begunBy(first, second, { ...third, signature: forged }), 'BAD_SIGNATURE'],
    [
      'with a VIEW-CHANGE of nobody',
      begunBy(first, second, { ...third, viewChange: { ...third.viewChange, voter: 9 as never } }),
      'QUORUM_NOT_MET',
    ],
    ['without the VIEW-CHANGE that matters', begunBy(first, pens.viewChange(1, 2), third), 'NEW_VIEW_MISMATCH'],
    [
      'with a forged certificate among valid ones',
      begunBy(first, second, resign(third, { stable: { ...pens.certificate(3, BLOCK, [0, 1, 2]), blockHash: A } })),
      'BAD_SIGNATURE',
    ],
    [
      'with a forged prepared certificate among valid ones',
      begunBy(
        first,
        second,
        resign(third, { prepared: [{ ...pens.prepared(1, 4, A, [2, 3]), prePrepareSignature: forged }] }),
      ),
      'BAD_SIGNATURE',
    ],
  ])('%s', (_, newView, code) => expect(newViewCode(newView)).toBe(code));
});

describe('evidence', () => {
  const [one, two] = [pens.vote(2, 'commit', 1, 3, A), pens.vote(2, 'commit', 1, 3, B)];
  const code = (first: SignedVote, second: SignedVote): string => {
    const checked = checkEvidence(authority, { kind: 'equivocation', first, second });
    return checked.ok ? 'ok' : checked.error.code;
  };
  test.each([
    ['two COMMITs for one place', one, two, 'ok'],
    ['in the other order', two, one, 'OUT_OF_ORDER'],
    ['the same COMMIT twice', one, one, 'NOT_AN_OFFENCE'],
    ['the same COMMIT by two signatures', one, { ...one, signature: forged }, 'NOT_AN_OFFENCE'],
    ['of two voters', one, pens.vote(3, 'commit', 1, 3, B), 'NOT_AN_OFFENCE'],
    ['of two kinds', one, pens.vote(2, 'prepare', 1, 3, B), 'NOT_AN_OFFENCE'],
    ['of two views', one, pens.vote(2, 'commit', 2, 3, B), 'NOT_AN_OFFENCE'],
    ['of two heights', one, pens.vote(2, 'commit', 1, 4, B), 'NOT_AN_OFFENCE'],
    ['of two epochs', one, otherEpoch.vote(2, 'commit', 1, 3, B), 'NOT_AN_OFFENCE'],
    ['of another epoch', otherEpoch.vote(2, 'commit', 1, 3, A), otherEpoch.vote(2, 'commit', 1, 3, B), 'WRONG_EPOCH'],
    ['with the second forged', one, { ...two, signature: forged }, 'BAD_SIGNATURE'],
    ['with the first forged', { ...one, signature: forged }, two, 'BAD_SIGNATURE'],
    ['of nobody', { ...one, voter: 8 as never }, { ...two, voter: 8 as never }, 'NOT_A_VALIDATOR'],
  ])('%s', (_, first, second, expected) => expect(code(first, second)).toBe(expected));
});

test('a STATUS claims nothing that could be checked', () => {
  const status = {
    epoch: 9,
    view: 9,
    active: true,
    stableHeight: 9,
    executedHeight: 9,
    viewChanges: [],
    slots: [],
  };
  expect(codeOf({ kind: 'status', status: status as never })).toBe('ok');
});
