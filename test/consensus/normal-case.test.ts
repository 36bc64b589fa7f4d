/** Castro & Liskov 1999, sections 4.2 and 4.3: the normal case and CHECKPOINTs, as state and exact effects. */
import { describe, expect, test } from 'vitest';
import { NULL_BODY_HASH } from '../../src/ledger/block.ts';
import { widestCertificate } from '../../src/consensus/checkpoint.ts';
import { nextProposal } from '../../src/consensus/normal-case.ts';
import { Bench, H } from './kit.ts';

const A = H('a');
const B = H('b');
const BLOCK = H('d');

describe('4.2 PRE-PREPARE', () => {
  test('the primary persists its PRE-PREPARE before it multicasts it, and nothing else', () => {
    const bench = new Bench({ self: 0 });
    expect(nextProposal(bench.replica)).toEqual({ view: 0, height: 1 });
    expect(bench.propose(0, 1, A)).toEqual(['persist pre-prepare v0 h1 a', 'send all pre-prepare v0 h1 a']);
    expect(bench.replica.slots.get(1 as never)).toMatchObject({ body: 'valid', prepared: null, committed: null });
  });

  test('the primary proposes heights in a row, up to the end of the window', () => {
    const bench = new Bench({ self: 0 });
    for (const height of [1, 2, 3, 4]) expect(bench.propose(0, height, A)).toHaveLength(2);
    expect(nextProposal(bench.replica)).toBeNull();
    expect(bench.propose(0, 5, A)).toEqual([]);
  });

  test.each([
    ['in another view', 1, 1],
    ['at a height already proposed', 0, 1],
    ['beyond the next height', 0, 3],
  ])('a proposal %s comes too late and does nothing', (_, view, height) => {
    const bench = new Bench({ self: 0 });
    bench.propose(0, 1, A);
    expect(bench.propose(view, height, B)).toEqual([]);
  });

  test('a backup does not propose', () => {
    const bench = new Bench({ self: 1 });
    expect(nextProposal(bench.replica)).toBeNull();
    expect(bench.propose(0, 1, A)).toEqual([]);
  });

  test('a backup asks for the body, and prepares when it is valid', () => {
    const bench = new Bench();
    expect(bench.vote(0, 'pre-prepare', 0, 1, A)).toEqual(['check-body v0 h1 a']);
    expect(bench.bodyChecked(0, 1, A)).toEqual(['persist prepare v0 h1 a', 'send all prepare v0 h1 a']);
  });

  test('an invalid body is never prepared, and costs the primary its view', () => {
    const bench = new Bench();
    bench.vote(0, 'pre-prepare', 0, 1, A);
    expect(bench.bodyChecked(0, 1, A, false)).toEqual([
      'view-change-started v1 invalid-body',
      'persist view-change v1, stable -',
      'send all view-change v1, stable -',
    ]);
  });

  test('an answer about another body than the one asked for is ignored', () => {
    const bench = new Bench();
    bench.vote(0, 'pre-prepare', 0, 1, A);
    expect(bench.bodyChecked(0, 1, B)).toEqual([]);
    expect(bench.bodyChecked(1, 1, A)).toEqual([]);
    expect(bench.bodyChecked(0, 2, A)).toEqual([]);
  });

  test('the second PRE-PREPARE of a height is not taken, and is evidence', () => {
    const bench = new Bench();
    bench.vote(0, 'pre-prepare', 0, 1, B);
    expect(bench.vote(0, 'pre-prepare', 0, 1, A)).toEqual(['evidence 0 pre-prepare v0 h1 a | pre-prepare v0 h1 b']);
    expect(bench.vote(0, 'pre-prepare', 0, 1, A)).toEqual([]);
    expect(bench.bodyChecked(0, 1, B)).toEqual(['persist prepare v0 h1 b', 'send all prepare v0 h1 b']);
  });

  test('a primary that skips a height gets no vote beyond the gap until it fills it', () => {
    const bench = new Bench();
    expect(bench.vote(0, 'pre-prepare', 0, 3, B)).toEqual([]);
    expect(bench.vote(0, 'pre-prepare', 0, 1, A)).toEqual(['check-body v0 h1 a']);
    expect(bench.vote(0, 'pre-prepare', 0, 2, A)).toEqual(['check-body v0 h2 a', 'check-body v0 h3 b']);
  });

  test('an observer asks for bodies and signs nothing', () => {
    const bench = new Bench({ self: null });
    expect(bench.vote(0, 'pre-prepare', 0, 1, A)).toEqual(['check-body v0 h1 a']);
    expect(bench.bodyChecked(0, 1, A)).toEqual([]);
    for (const voter of [0, 1]) expect(bench.vote(voter, 'commit', 0, 1, A)).toEqual([]);
    expect(bench.vote(2, 'commit', 0, 1, A)).toEqual(['execute h1 a']);
    expect(bench.executed(1, BLOCK)).toEqual([]);
    expect(bench.records).toEqual([]);
  });
});

describe('4.2 PREPARE and COMMIT', () => {
  const ready = () => {
    const bench = new Bench();
    bench.vote(0, 'pre-prepare', 0, 1, A);
    bench.bodyChecked(0, 1, A);
    return bench;
  };

  test('prepared: the certificate is kept before the COMMIT, and the COMMIT before it is sent', () => {
    const bench = ready();
    expect(bench.vote(2, 'prepare', 0, 1, A)).toEqual([
      'persist prepared v0 h1 a by 0+1,2',
      'persist commit v0 h1 a',
      'send all commit v0 h1 a',
    ]);
    expect(bench.vote(3, 'prepare', 0, 1, A)).toEqual([]);
  });

  test('a PREPARE before its PRE-PREPARE is kept', () => {
    const bench = new Bench();
    expect(bench.vote(2, 'prepare', 0, 1, A)).toEqual([]);
    bench.vote(0, 'pre-prepare', 0, 1, A);
    expect(bench.bodyChecked(0, 1, A)).toEqual([
      'persist prepare v0 h1 a',
      'send all prepare v0 h1 a',
      'persist prepared v0 h1 a by 0+1,2',
      'persist commit v0 h1 a',
      'send all commit v0 h1 a',
    ]);
  });

  test('the primary has no PREPARE beside its PRE-PREPARE', () => {
    const bench = ready();
    expect(bench.vote(0, 'prepare', 0, 1, A)).toEqual([]);
    expect(bench.replica.slots.get(1 as never)?.prepares.size).toBe(1);
  });

  test('PREPAREs without the PRE-PREPARE prepare nothing, however many', () => {
    const bench = new Bench();
    for (const voter of [2, 3]) expect(bench.vote(voter, 'prepare', 0, 1, A)).toEqual([]);
    expect(bench.replica.slots.get(1 as never)?.prepared).toBeNull();
  });

  test('votes for another body do not count; their voter is shown our PRE-PREPARE, and all are shown the vote', () => {
    const bench = ready();
    expect(bench.vote(2, 'prepare', 0, 1, B)).toEqual(['send 2 pre-prepare v0 h1 a', 'send all prepare v0 h1 b']);
    expect(bench.vote(3, 'prepare', 0, 1, B)).toEqual(['send 3 pre-prepare v0 h1 a', 'send all prepare v0 h1 b']);
    expect(bench.vote(3, 'commit', 0, 1, B)).toEqual(['send 3 pre-prepare v0 h1 a', 'send all commit v0 h1 b']);
    expect(bench.replica.slots.get(1 as never)?.prepared).toBeNull();
  });

  test('the same PREPARE again changes nothing; another one is evidence, once', () => {
    const bench = ready();
    bench.vote(2, 'prepare', 0, 1, B);
    expect(bench.vote(2, 'prepare', 0, 1, B)).toEqual([]);
    expect(bench.vote(2, 'prepare', 0, 1, A)).toEqual(['evidence 2 prepare v0 h1 a | prepare v0 h1 b']);
    expect(bench.vote(2, 'prepare', 0, 1, A)).toEqual([]);
    expect(bench.replica.slots.get(1 as never)?.prepared).toBeNull();
  });

  test('committed: a quorum of COMMITs orders the body once', () => {
    const bench = ready();
    bench.vote(2, 'prepare', 0, 1, A);
    expect(bench.vote(2, 'commit', 0, 1, A)).toEqual([]);
    expect(bench.vote(3, 'commit', 0, 1, A)).toEqual(['execute h1 a']);
    expect(bench.vote(0, 'commit', 0, 1, A)).toEqual([]);
  });

  test('a quorum of COMMITs orders a body whose PREPAREs and PRE-PREPARE were missed', () => {
    const bench = new Bench();
    for (const voter of [0, 2]) expect(bench.vote(voter, 'commit', 0, 1, A)).toEqual([]);
    expect(bench.vote(3, 'commit', 0, 1, A)).toEqual(['execute h1 a']);
  });

  test('COMMITs for different bodies do not add up, and two of one voter are evidence', () => {
    const bench = new Bench();
    bench.vote(0, 'commit', 0, 1, A);
    bench.vote(2, 'commit', 0, 1, B);
    expect(bench.vote(3, 'commit', 0, 1, B)).toEqual([]);
    expect(bench.vote(0, 'commit', 0, 1, B)).toEqual(['evidence 0 commit v0 h1 a | commit v0 h1 b']);
    expect(bench.replica.orderedHeight).toBe(0);
  });

  test('bodies are ordered by height: a later commit waits for the earlier one', () => {
    const bench = new Bench();
    for (const voter of [0, 2, 3]) expect(bench.vote(voter, 'commit', 0, 2, B)).toEqual([]);
    bench.vote(0, 'commit', 0, 1, A);
    bench.vote(2, 'commit', 0, 1, A);
    expect(bench.vote(3, 'commit', 0, 1, A)).toEqual(['execute h1 a', 'execute h2 b']);
  });

  test.each([
    ['below the window', 0, 1],
    ['beyond the window', 0, 6],
    ['of a later view', 1, 2],
  ])('votes %s are dropped', (_, view, height) => {
    const bench = new Bench();
    bench.commitHeight(1, A, BLOCK, [0, 2]);
    expect(bench.replica.stable?.height).toBe(1);
    for (const kind of ['prepare', 'commit'] as const) expect(bench.vote(3, kind, view, height, B)).toEqual([]);
    expect([...bench.replica.slots.keys()]).toEqual([]);
  });

  test('heights beyond the epoch are refused although the window reaches further', () => {
    const bench = new Bench({ lastHeight: 2 });
    expect(() => bench.vote(2, 'commit', 0, 3, A)).toThrow('HEIGHT_OUT_OF_RANGE');
    const primary = new Bench({ self: 0, lastHeight: 2 });
    primary.propose(0, 1, A);
    primary.propose(0, 2, A);
    expect(nextProposal(primary.replica)).toBeNull();
  });

  test('a null body outside a NEW-VIEW is for the driver to refuse: it is asked about as new', () => {
    expect(new Bench().vote(0, 'pre-prepare', 0, 1, NULL_BODY_HASH)).toEqual(['check-body v0 h1 null']);
  });
});

/** Powers, who votes beside the primary 0, whether that is a quorum. */
const QUORUMS: readonly (readonly [string, number[], number[], boolean])[] = [
  ['n = 4, three', [1, 1, 1, 1], [0, 1, 2], true],
  ['n = 4, two', [1, 1, 1, 1], [0, 1], false],
  ['n = 5, four', [1, 1, 1, 1, 1], [0, 1, 2, 3], true],
  ['n = 5, three, which is 2f + 1', [1, 1, 1, 1, 1], [0, 1, 2], false],
  ['n = 6, five', [1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4], true],
  ['n = 6, four: exactly two thirds is not a quorum', [1, 1, 1, 1, 1, 1], [0, 1, 2, 3], false],
  ['n = 7, five', [1, 1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4], true],
  ['n = 7, four', [1, 1, 1, 1, 1, 1, 1], [0, 1, 2, 3], false],
  ['n = 3, two: exactly two thirds is not a quorum', [1, 1, 1], [0, 1], false],
  ['n = 3, all', [1, 1, 1], [0, 1, 2], true],
  ['powers 6667 and 3333: the large one alone', [6667, 3333, 1], [0], false],
  ['powers 6667 and 3333 with the smallest', [6668, 3333, 1], [0, 2], true],
  ['a heavy one and dust', [97, 1, 1, 1], [0], true],
  ['three light ones without the heavy one', [97, 1, 1, 1], [1, 2, 3], false],
];

describe('4.2 a quorum is more than two thirds of the power', () => {
  test.each(QUORUMS)('COMMITs: %s', (_, powers, voters, quorum) => {
    const bench = new Bench({ powers, self: null });
    const lines = voters.flatMap((voter) => bench.vote(voter, 'commit', 0, 1, A));
    expect(lines).toEqual(quorum ? ['execute h1 a'] : []);
  });

  test.each(QUORUMS)('CHECKPOINTs: %s', (_, powers, voters, quorum) => {
    const bench = new Bench({ powers, self: null });
    const lines = voters.flatMap((voter) => bench.vote(voter, 'checkpoint', 0, 1, BLOCK));
    expect(lines).toEqual(quorum ? [`certified h1 d by ${voters.join()}`, 'behind h1'] : []);
  });

  test.each(QUORUMS.filter(([, powers, voters]) => powers[0] === 1 && voters[0] === 0))('PREPAREs: %s', (...row) => {
    const [, powers, voters, quorum] = row;
    const bench = new Bench({ powers, self: 1 });
    bench.vote(0, 'pre-prepare', 0, 1, A);
    const lines = [...bench.bodyChecked(0, 1, A)];
    for (const voter of voters.slice(2)) lines.push(...bench.vote(voter, 'prepare', 0, 1, A));
    expect(lines.includes('persist commit v0 h1 a')).toBe(quorum);
  });

  test('VIEW-CHANGEs: exactly two thirds do not begin a view', () => {
    const bench = new Bench({ powers: [1, 1, 1, 1, 1, 1], self: 1 });
    for (const voter of [2, 3])
      bench.receive(voter, { kind: 'view-change', viewChange: bench.pens.viewChange(voter, 1) });
    const fourth = bench.receive(4, { kind: 'view-change', viewChange: bench.pens.viewChange(4, 1) });
    expect(fourth.filter((line) => line.includes('new-view'))).toEqual([]);
    const fifth = bench.receive(5, { kind: 'view-change', viewChange: bench.pens.viewChange(5, 1) });
    expect(fifth).toContain('send all new-view v1 of 1,2,3,4,5');
  });
});

describe('4.3 CHECKPOINT', () => {
  const ordered = () => {
    const bench = new Bench();
    for (const voter of [0, 2, 3]) bench.vote(voter, 'commit', 0, 1, A);
    return bench;
  };

  test('a block that is durable is declared', () => {
    const bench = ordered();
    expect(bench.executed(1, BLOCK)).toEqual(['persist checkpoint h1 d', 'send all checkpoint h1 d']);
  });

  test('a quorum makes the certificate, the window moves, and what is settled is forgotten', () => {
    const bench = ordered();
    bench.executed(1, BLOCK);
    expect(bench.vote(0, 'checkpoint', 0, 1, BLOCK)).toEqual([]);
    expect(bench.vote(2, 'checkpoint', 0, 1, BLOCK)).toEqual(['certified h1 d by 0,1,2']);
    expect(bench.vote(3, 'checkpoint', 0, 1, BLOCK)).toEqual([]);
    expect(bench.replica.slots.size).toBe(0);
    expect(bench.vote(2, 'commit', 0, 5, A)).toEqual([]);
    expect([...bench.replica.slots.keys()]).toEqual([5]);
  });

  test('CHECKPOINTs of different blocks do not add up, and two of one voter are evidence', () => {
    const bench = new Bench({ self: null });
    bench.vote(0, 'checkpoint', 0, 1, BLOCK);
    bench.vote(1, 'checkpoint', 0, 1, BLOCK);
    expect(bench.vote(2, 'checkpoint', 0, 1, H('e'))).toEqual([]);
    expect(bench.vote(2, 'checkpoint', 0, 1, BLOCK)).toEqual(['evidence 2 checkpoint h1 d | checkpoint h1 e']);
    expect(bench.replica.stable).toBeNull();
  });

  test('a certificate ahead of us says that we are behind', () => {
    const bench = new Bench();
    bench.vote(0, 'checkpoint', 0, 3, BLOCK);
    bench.vote(2, 'checkpoint', 0, 3, BLOCK);
    expect(bench.vote(3, 'checkpoint', 0, 3, BLOCK)).toEqual(['certified h3 d by 0,2,3', 'behind h3']);
  });

  test('a certificate that a peer passes on counts like one of our own making', () => {
    const bench = ordered();
    bench.executed(1, BLOCK);
    const message = { kind: 'certificate', certificate: bench.pens.certificate(1, BLOCK, [0, 2, 3]) } as const;
    expect(bench.receive(2, message)).toEqual(['certified h1 d by 0,2,3']);
    expect(bench.receive(3, message)).toEqual([]);
  });

  test('the certificate of an earlier height is completed late', () => {
    const bench = new Bench({ self: null });
    for (const voter of [0, 1]) bench.vote(voter, 'checkpoint', 0, 1, H('e'));
    for (const voter of [0, 1, 2]) bench.vote(voter, 'checkpoint', 0, 2, BLOCK);
    expect(bench.vote(3, 'checkpoint', 0, 1, H('e'))).toEqual(['certified-late h1 e by 0,1,3']);
  });

  describe('the certificate for a body', () => {
    const named = ({ replica }: Bench) => {
      const certificate = widestCertificate(replica);
      return certificate && [certificate.height, certificate.blockHash, certificate.signers.getTrueBitIndexes()];
    };

    test('is none where nothing of the epoch is certified', () => {
      const bench = new Bench({ self: null });
      for (const voter of [0, 1]) bench.vote(voter, 'checkpoint', 0, 1, BLOCK);
      expect(named(bench)).toBeNull();
    });

    test('names whoever signed late, and is the newest of those that name as many', () => {
      const bench = new Bench({ self: null });
      for (const height of [1, 2, 3]) for (const voter of [0, 1, 2]) bench.vote(voter, 'checkpoint', 0, height, BLOCK);
      expect(named(bench)).toEqual([3, BLOCK, [0, 1, 2]]);
      bench.vote(3, 'checkpoint', 0, 1, BLOCK);
      expect(named(bench)).toEqual([1, BLOCK, [0, 1, 2, 3]]);
      bench.vote(3, 'checkpoint', 0, 2, BLOCK);
      expect(named(bench)).toEqual([2, BLOCK, [0, 1, 2, 3]]);
    });

    test('names nobody who signed another block, and is of no height above the stable one', () => {
      const bench = new Bench({ self: null });
      for (const voter of [0, 1, 2]) bench.vote(voter, 'checkpoint', 0, 2, BLOCK);
      bench.vote(3, 'checkpoint', 0, 2, H('e'));
      bench.vote(3, 'checkpoint', 0, 3, H('e'));
      expect(named(bench)).toEqual([2, BLOCK, [0, 1, 2]]);
    });

    test('is the one that came from others, where CHECKPOINTs here make none', () => {
      const bench = new Bench({ self: null });
      const certificate = bench.pens.certificate(3, BLOCK, [0, 2, 3]);
      bench.receive(2, { kind: 'certificate', certificate });
      expect(named(bench)).toEqual([3, BLOCK, [0, 2, 3]]);
    });
  });

  test('CHECKPOINTs beyond the window, or a window below the certificate, are dropped', () => {
    const bench = new Bench({ self: null });
    for (const voter of [0, 1, 2]) bench.vote(voter, 'checkpoint', 0, 4, BLOCK);
    for (const voter of [0, 1, 2]) bench.vote(voter, 'checkpoint', 0, 8, BLOCK);
    expect(bench.vote(3, 'checkpoint', 0, 4, BLOCK)).toEqual([]);
    expect(bench.vote(3, 'checkpoint', 0, 13, BLOCK)).toEqual([]);
    expect([...bench.replica.checkpoints.keys()]).toEqual([8]);
  });

  test('a CHECKPOINT of another block than ours is shown to all', () => {
    const bench = ordered();
    bench.executed(1, BLOCK);
    expect(bench.vote(0, 'checkpoint', 0, 1, H('e'))).toEqual(['send all checkpoint h1 e']);
    expect(bench.vote(0, 'checkpoint', 0, 1, H('e'))).toEqual([]);
  });

  test('a certificate of another block than ours stops the node', () => {
    const bench = ordered();
    bench.executed(1, BLOCK);
    bench.vote(0, 'checkpoint', 0, 1, H('e'));
    bench.vote(2, 'checkpoint', 0, 1, H('e'));
    expect(() => bench.vote(3, 'checkpoint', 0, 1, H('e'))).toThrow('our block is the certified one');
  });

  test('blocks that came by sync are executed, certified and not voted on', () => {
    const bench = new Bench();
    const certificate = bench.pens.certificate(3, BLOCK, [0, 2, 3]);
    expect(bench.give({ kind: 'synced', certificate })).toEqual(['certified h3 d by 0,2,3']);
    expect(bench.replica).toMatchObject({ executedHeight: 3, orderedHeight: 3 });
    expect(bench.give({ kind: 'synced', certificate })).toEqual([]);
  });

  test('the certificate of a block that was fetched below the stable height is kept for those who ask for it', () => {
    const bench = new Bench({ self: null });
    bench.receive(2, { kind: 'certificate', certificate: bench.pens.certificate(3, BLOCK, [0, 2, 3]) });
    const synced = (height: number, hash: typeof BLOCK) =>
      bench.give({ kind: 'synced', certificate: bench.pens.certificate(height, hash, [0, 2, 3]) });
    expect(synced(1, H('e'))).toEqual(['certified-late h1 e by 0,2,3']);
    expect(synced(2, H('f'))).toEqual(['certified-late h2 f by 0,2,3']);
    expect(synced(3, BLOCK)).toEqual([]);
    expect(bench.replica.executedHeight).toBe(3);
  });

  test('a height committed before the gap below it was synced is executed after it', () => {
    const bench = new Bench();
    for (const voter of [0, 2, 3]) bench.vote(voter, 'commit', 0, 3, A);
    const certificate = bench.pens.certificate(2, BLOCK, [0, 2, 3]);
    expect(bench.give({ kind: 'synced', certificate })).toEqual(['certified h2 d by 0,2,3', 'execute h3 a']);
  });

  test('blocks executed long after others certified far later ones are not declared any more', () => {
    const bench = new Bench({ window: 2 });
    for (const height of [1, 2]) for (const voter of [0, 2, 3]) bench.vote(voter, 'commit', 0, height, A);
    bench.receive(0, { kind: 'certificate', certificate: bench.pens.certificate(20, BLOCK, [0, 2, 3]) });
    for (const height of [19, 20, 21, 22]) bench.vote(2, 'checkpoint', 0, height, BLOCK);
    expect(bench.executed(1, H('e'))).toEqual([]);
    expect(bench.executed(2, H('e'))).toEqual([]);
  });

  test('heights are executed in order, each once', () => {
    const bench = ordered();
    bench.executed(1, BLOCK);
    expect(() => bench.executed(1, BLOCK)).toThrow('in order, each once');
    expect(() => bench.executed(3, BLOCK)).toThrow('in order, each once');
  });
});
