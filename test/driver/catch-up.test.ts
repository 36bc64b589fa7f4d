/** Catching up believes nobody: what lying peers answer, and what becomes of it. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { CatchUp } from '../../src/driver/sync/catch-up.ts';
import { SYNC_ANSWER_BYTES_MAX, SYNC_HELD_BYTES_MAX } from '../../src/driver/limits.ts';
import { checkRange, type ProvedRange } from '../../src/driver/sync/proof.ts';
import { decodePeerMessage, kindOfBytes, type SyncBlock } from '../../src/driver/wire/wire.ts';
import { NO_BODY, NULL_BODY } from '../../src/ledger/block.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { authorityOf, H } from '../consensus/kit.ts';
import { Cluster } from './cluster.ts';

/** Blocks 1 to 6 of a real chain, with the certificates that node 0 has. */
let chain: readonly SyncBlock[];
let cluster: Cluster;
let authority: Parameters<typeof checkRange>[0];
let genesisBlock: { height: Height; hash: typeof H extends (letter: string) => infer T ? T : never };

beforeAll(() => {
  cluster = new Cluster(4, ({ consensus }) => Object.assign(consensus, { idleBlockMs: 100 }));
  cluster.startAll();
  cluster.until(() => cluster.heights().every((height) => (height ?? 0) >= 6), 5000);
  cluster.run(50);
  chain = cluster
    .node(0)
    .blocks.slice(0, 6)
    .map(({ record: { header }, body, certificate }) => ({ header, fullBody: body, certificate }));
  const { genesis } = cluster;
  authority = {
    ...authorityOf({
      chainId: genesis.chainId,
      epoch: 0 as never,
      validators: genesis.validators,
      self: null,
      firstHeight: 1 as Height,
      lastHeight: 1000 as Height,
      window: 16,
      baseTimeoutTicks: 1,
      timeoutCapTicks: 1,
      sign: () => new Uint8Array(64),
    }),
  };
  genesisBlock = { height: 0 as Height, hash: chain[0]!.header.parentHash };
});

describe('a range of blocks', () => {
  const codeOf = (blocks: readonly SyncBlock[]): string => {
    const checked = checkRange(authority, genesisBlock, blocks);
    return checked.ok ? 'ok' : checked.error.code;
  };
  const at = (position: number): SyncBlock => chain[position]!;
  const change = (position: number, fields: Partial<SyncBlock>) => chain.with(position, { ...at(position), ...fields });
  const bare = (block: SyncBlock): SyncBlock => ({ ...block, fullBody: NO_BODY });
  const unproved = (block: SyncBlock): SyncBlock => ({ ...block, certificate: null });

  test.each<readonly [string, () => readonly SyncBlock[], string]>([
    ['as it is', () => chain, 'ok'],
    ['with a certificate at its end only', () => [...chain.slice(0, 5).map(unproved), at(5)], 'ok'],
    ['of nothing', () => [], 'ok'],
    ['with headers alone after the first', () => [unproved(at(0)), ...chain.slice(1).map(bare)], 'ok'],
    ['with headers alone that lead to no certificate', () => [at(0), unproved(bare(at(1)))], 'SYNC_UNPROVED'],
    ['with a gap between headers', () => [at(0), unproved(bare(at(1))), bare(at(3))], 'SYNC_GAP'],
    ['with a gap', () => [at(0), at(2)], 'SYNC_GAP'],
    ['that begins later', () => chain.slice(1), 'SYNC_GAP'],
    ['with a block twice', () => [at(0), at(0)], 'SYNC_GAP'],
    ['without a certificate at its end', () => [...chain.slice(0, 5), unproved(at(5))], 'SYNC_UNPROVED'],
    ['with the certificate of another block', () => change(5, { certificate: at(4).certificate }), 'SYNC_UNPROVED'],
    [
      'with another body',
      () => change(2, { fullBody: { body: { ...NULL_BODY, timestampMs: 5 }, transactions: [] } }),
      'SYNC_BODY',
    ],
    [
      'with more transactions than ids',
      () => change(2, { fullBody: { ...at(2).fullBody, transactions: [new Uint8Array(9)] } }),
      'SYNC_BODY',
    ],
    ['with another header', () => change(5, { header: { ...at(5).header, stateRoot: H('e') } }), 'SYNC_UNPROVED'],
    [
      'with another header in its middle',
      () => change(2, { header: { ...at(2).header, stateRoot: H('e') }, certificate: null }),
      'SYNC_GAP',
    ],
    [
      'with a forged certificate',
      () =>
        change(5, {
          certificate: {
            ...at(5).certificate!,
            signatures: at(5).certificate!.signatures.map(() => new Uint8Array(64)),
          },
        }),
      'BAD_SIGNATURE',
    ],
    [
      'with an insufficient certificate',
      () => {
        const certificate = at(5).certificate!;
        const signers = signersOf(certificate.signers.getTrueBitIndexes().slice(0, 2) as never);
        return change(5, { certificate: { ...certificate, signers, signatures: certificate.signatures.slice(0, 2) } });
      },
      'QUORUM_NOT_MET',
    ],
  ])('%s', (_, blocks, code) => expect(codeOf(blocks())).toBe(code));
});

/** Of the epoch. */
const LAST = 1_000_000_000 as Height;

describe('whom it asks', () => {
  const begin = (peers = ['a', 'b', 'c']) => {
    const asked: [string, number][] = [];
    const catchUp = new CatchUp({
      tickMs: 50,
      peers: () => peers,
      isWeakQuorum: (claiming) => claiming.length >= 2,
    });
    const pursue = (executed: number, tick: number): void => {
      for (const { peer, from } of catchUp.ask(executed as Height, LAST, tick)) asked.push([peer, from]);
    };
    return { asked, catchUp, pursue };
  };

  test('nobody, while nothing is missing', () => {
    const { asked, catchUp, pursue } = begin();
    pursue(5, 1);
    catchUp.behind(5 as Height, 'a');
    pursue(5, 2);
    expect(asked).toEqual([]);
  });

  test('who says that it has an overdue block and answers with none is not asked again at once', () => {
    const { asked, catchUp, pursue } = begin();
    for (let turn = 0; turn < 800; turn++) {
      const tick = 1 + Math.floor(turn / 100);
      catchUp.overdue(6 as Height, ['a']);
      pursue(5, tick);
      catchUp.accept('a', []);
    }
    expect(asked).toEqual([
      ['a', 6],
      ['a', 6],
    ]);
  });

  test('one who claims to be ahead, once, until it answers or is too late', () => {
    const { asked, catchUp, pursue } = begin();
    catchUp.behind(9 as Height, 'b');
    for (let tick = 1; tick <= 16; tick++) pursue(5, tick);
    expect(asked).toEqual([['b', 6]]);
    catchUp.behind(9 as Height, 'c');
    pursue(5, 17);
    expect(asked.at(-1)).toEqual(['c', 6]);
  });

  test('in its turn who left with a question open and comes again, however often', () => {
    const { asked, catchUp, pursue } = begin();
    for (let tick = 0; tick <= 40; tick++) {
      if (tick % 8 === 0) catchUp.disconnected('a');
      for (const peer of ['a', 'b', 'c']) catchUp.behind(9 as Height, peer);
      pursue(5, tick);
    }
    expect(asked.map(([peer]) => peer).join('')).toBe('abcabc');
  });

  test('nobody else, however long, where one claimed what there is not and is silent', () => {
    const { asked, catchUp, pursue } = begin();
    catchUp.behind(1_000_000 as Height, 'a');
    for (let tick = 0; tick < 200; tick++) pursue(5, tick);
    expect(asked).toEqual([['a', 6]]);
  });

  test('anybody, where more than can lie claimed it and all of them are late', () => {
    const { asked, catchUp, pursue } = begin();
    for (const peer of ['a', 'b']) catchUp.behind(9 as Height, peer);
    for (let tick = 0; tick <= 24; tick++) pursue(5, tick);
    expect(asked).toEqual([
      ['a', 6],
      ['b', 6],
      ['c', 6],
    ]);
  });

  const everybody = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  /** In which tick whom, if nobody answers. */
  function inTurn(isOverdue: boolean): string[] {
    const { asked, catchUp, pursue } = begin(everybody);
    const lines: string[] = [];
    for (const peer of everybody) catchUp.behind(9 as Height, peer);
    for (let tick = 0; tick < 28; tick++) {
      if (isOverdue) catchUp.overdue(6 as Height, everybody);
      pursue(5, tick);
      lines.push(...asked.splice(0).map(([peer]) => `${tick} ${peer}`));
    }
    return lines;
  }

  test('one after another where they are silent, the next after eight ticks', () => {
    expect(inTurn(false)).toEqual(['0 a', '8 b', '16 c', '24 d']);
  });

  test('of an overdue block two at a time, nobody twice before everybody once', () => {
    expect(inTurn(true)).toEqual(['0 a', '0 b', '8 c', '8 d', '16 e', '16 f', '24 g']);
  });

  /** So many blocks from a height on, each with so many bytes. */
  const range = (from: number, count: number, bytes: number): readonly SyncBlock[] =>
    Array.from({ length: count }, (_, position) => {
      const { header, certificate, fullBody } = chain[0]!;
      const height = (from + position) as Height;
      return {
        header: { ...header, height },
        certificate,
        fullBody: { ...fullBody, transactions: [new Uint8Array(bytes)] },
      };
    });

  /** What a peer does: answers after so many ticks with so many blocks (or as many as were asked for) of so many bytes. */
  type Habit = readonly [ticks: number, blocks: number, bytes: number];

  interface Answer {
    readonly tick: number;
    readonly peer: string;
    readonly from: number;
    readonly count: number;
    readonly bytes: number;
  }

  /** A transfer of so many ticks, with peers of these habits that all say to have so many blocks more than we. */
  function transfer(habits: Readonly<Record<string, Habit>>, ticks: number, more: number) {
    const { catchUp } = begin(Object.keys(habits));
    let executed = 0;
    let due: Answer[] = [];
    let order = '';
    let heldMost = 0;
    const pursue = (tick: number): void => {
      for (const peer of Object.keys(habits)) catchUp.behind((executed + more) as Height, peer);
      for (const { peer, from, to } of catchUp.ask(executed as Height, LAST, tick)) {
        order += peer;
        const [later, most, bytes] = habits[peer] ?? [0, 0, 0];
        if (later > 0) due.push({ tick: tick + later, peer, from, count: Math.min(most, to - from + 1), bytes });
      }
    };
    for (let tick = 0; tick < ticks; tick++) {
      pursue(tick);
      for (const answer of due.filter((each) => each.tick === tick)) {
        const { peer, from, count, bytes } = answer;
        const blocks = range(from, count, bytes);
        if (catchUp.accept(peer, blocks)) catchUp.proved(provedOf(blocks), count * bytes, executed as Height);
        heldMost = Math.max(heldMost, catchUp.heldBytes);
        for (
          let next = catchUp.take(executed as Height, () => true);
          next !== undefined;
          next = catchUp.take(executed as Height, () => true)
        )
          executed = next.blocks.at(-1)?.header.height ?? 0;
        pursue(tick);
      }
      due = due.filter((each) => each.tick > tick);
    }
    return { order, executed, heldMost };
  }

  const provedOf = (blocks: readonly SyncBlock[]): ProvedRange => ({
    blocks: blocks.map(({ header, fullBody: { body }, certificate }) => ({
      header,
      body,
      transactions: [],
      certificate,
    })),
    proof: null,
  });

  /** Whom it asks where everything that is missing has room in one answer. */
  const FEW = 10;
  const inTurnOf = (habits: Readonly<Record<string, Habit>>, ticks: number): string =>
    transfer(habits, ticks, FEW).order;

  test.each<readonly [string, number, number, number, string]>([
    ['one block just in time', 13, 1, 0, 'abbbbbbbbb'],
    ['one block just before others are asked', 6, 1, 0, 'abbbbbbbbb'],
    ['one block at once', 1, 1, 0, 'abbbbbbbbb'],
    ['half of what it could, slowly', 5, 32, 0, 'abbbbbbbbb'],
    ['half of what it could, fast', 2, 32, 0, 'aaaaaaaaaa'],
    ['all that it could, as fast as it takes', 4, 64, 0, 'aaaaaaaaaa'],
  ])('who gives %s is asked first again only if that is fast', (_, ticks, count, bytes, order) => {
    expect(inTurnOf({ a: [ticks, count, bytes], b: [1, 64, 0], c: [1, 64, 0] }, 100).slice(0, 10)).toBe(order);
  });

  test.each<readonly [string, Habit, string]>([
    ['one large block, before others are asked, is asked again at once', [7, 1, 4 * 1024 * 1024], 'aabc'],
    ['smaller ones, just in time, waits', [15, 16, 128 * 1024], 'abbb'],
  ])('who gives %s, and others are asked for what has no room in its answer', (_, habit, order) => {
    expect(inTurnOf({ a: habit, b: [1, 64, 0], c: [1, 64, 0] }, 100)).toMatch(new RegExp(`^${order}`));
  });

  test.each([6, 13])('of slow ones, that give one block each after %i ticks, everybody in turn', (ticks) => {
    const order = inTurnOf({ a: [ticks, 1, 0], b: [ticks, 1, 0], c: [ticks, 1, 0], d: [ticks, 1, 0] }, 400);
    for (let at = 0; at + 4 <= order.length; at += 4)
      expect(
        order
          .slice(at, at + 4)
          .split('')
          .toSorted()
          .join(''),
      ).toBe('abcd');
    expect(order.length).toBeGreaterThan(20);
  });

  const FAR = 1_000_000;
  const MIB = 1024 * 1024;
  const HONEST: Habit = [1, 64, 0];
  const SLOW: Habit = [40, 64, 0];
  const STINGY: Habit = [1, 1, 0];
  const SILENT: Habit = [0, 0, 0];

  test('all who say that they have them, for different ranges at once', () => {
    const { catchUp } = begin();
    for (const peer of ['a', 'b', 'c']) catchUp.behind(1000 as Height, peer);
    catchUp.behind(100 as Height, 'c');
    const questions = catchUp.ask(0 as Height, LAST, 1).map(({ peer, from, to }) => `${peer} ${from}-${to}`);
    expect(questions).toEqual(['a 1-64', 'b 65-128']);
    catchUp.behind(1000 as Height, 'c');
    expect(catchUp.ask(0 as Height, 150 as Height, 2).map(({ peer, from, to }) => `${peer} ${from}-${to}`)).toEqual([
      'c 129-150',
    ]);
  });

  test('nobody for later blocks that only a liar claims', () => {
    const { catchUp } = begin();
    for (const peer of ['a', 'b']) catchUp.behind(50 as Height, peer);
    catchUp.behind(FAR as Height, 'c');
    const asked = () => catchUp.ask(0 as Height, LAST, 1).map(({ peer, from, to }) => `${peer} ${from}-${to}`);
    expect(asked()).toEqual(['a 1-64']);
    catchUp.refuted('c');
    expect(catchUp.accept('a', range(1, 50, 0))).toBe(true);
    catchUp.proved(provedOf(range(1, 50, 0)), 0, 0 as Height);
    expect(asked()).toEqual([]);
    expect(catchUp.take(0 as Height, () => true)?.blocks).toHaveLength(50);
    expect(catchUp.ask(50 as Height, LAST, 2)).toEqual([]);
  });

  // A tick is 50 ms: 40 s, in which a chain of 35 blocks a second grows by 1,400.
  test.each<readonly [string, Readonly<Record<string, Habit>>, number, number]>([
    ['three give at once', { a: HONEST, b: HONEST, c: HONEST }, 800, 100_000],
    ['one of them is silent', { a: SILENT, b: HONEST, c: HONEST }, 800, 90_000],
    ['one gives a block at a time', { a: STINGY, b: HONEST, c: HONEST }, 800, 90_000],
    ['one gives a block at a time, just in time', { a: [7, 1, 0], b: HONEST, c: HONEST }, 800, 60_000],
    ['one gives half of what is asked, as late as it may', { a: [15, 32, 0], b: HONEST, c: HONEST }, 800, 40_000],
    ['honest ones need two seconds, and a liar gives little at once', { a: STINGY, b: SLOW, c: SLOW }, 800, 2500],
    ['honest ones need two seconds, and a liar is silent', { a: SILENT, b: SLOW, c: SLOW }, 800, 1400],
    ['all need two seconds', { a: SLOW, b: SLOW, c: SLOW }, 800, 3 * 64 * 18],
    [
      'two of six are silent, and all others need two seconds',
      { a: SILENT, b: SILENT, c: SLOW, d: SLOW, e: SLOW, f: SLOW },
      800,
      2 * 1400,
    ],
  ])('where %s it gets on', (_, habits, ticks, least) => {
    const { executed, order } = transfer(habits, ticks, FAR);
    expect([executed, executed >= least, order.slice(0, 40)]).toEqual([executed, true, order.slice(0, 40)]);
  });

  test('no more than has room where the next range does not come, and that has room all the same', () => {
    const all = { a: [500, 64, MIB], b: [2, 4, MIB], c: [2, 4, MIB], d: [2, 4, MIB] } as const;
    const { heldMost, executed } = transfer(all, 200, FAR);
    expect(heldMost).toBeGreaterThan(SYNC_HELD_BYTES_MAX / 2);
    expect(heldMost).toBeLessThanOrEqual(SYNC_HELD_BYTES_MAX + SYNC_ANSWER_BYTES_MAX);
    expect(executed).toBeGreaterThan(500);
  });

  test('as much at once where many give large blocks, of which nobody knew how large they are', () => {
    const everyone = Object.fromEntries(Array.from({ length: 12 }, (_, peer) => [`p${peer}`, [20, 4, MIB] as const]));
    // One after the other they would give 4 in 20 ticks.
    expect(transfer(everyone, 400, FAR).executed).toBeGreaterThan(2.5 * 4 * 20);
  });

  test('another as soon as honest ones would have answered, whatever a liar takes', () => {
    const { asked, catchUp, pursue } = begin();
    const claim = (): void => {
      for (const peer of ['a', 'b', 'c']) catchUp.behind(256 as Height, peer);
    };
    claim();
    pursue(0, 0);
    expect(asked.splice(0)).toEqual([
      ['a', 1],
      ['b', 65],
      ['c', 129],
    ]);
    for (const [peer, from] of [
      ['b', 65],
      ['c', 129],
    ] as const)
      expect(catchUp.accept(peer, range(from, 64, 0))).toBe(true);
    catchUp.ask(0 as Height, LAST, 90);
    expect(catchUp.accept('a', range(1, 64, 0))).toBe(true);
    for (let tick = 120; tick < 136; tick++) {
      claim();
      pursue(192, tick);
    }
    expect(asked.filter(([, from]) => from === 193)).toHaveLength(2);
  });

  test('who gave little has no more time than anybody, and waits for its turn; and a late answer counts', () => {
    const { asked, catchUp, pursue } = begin();
    for (const peer of ['a', 'b', 'c']) catchUp.behind(9 as Height, peer);
    for (let tick = 0; tick <= 8; tick++) pursue(0, tick);
    expect(asked.splice(0)).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(catchUp.accept('b', chain.slice(0, 1))).toBe(true);
    for (let tick = 9; tick < 17; tick++) pursue(1, tick);
    expect(asked.splice(0)).toEqual([['c', 2]]);
    pursue(1, 17);
    expect(asked).toEqual([['b', 2]]);
    expect(catchUp.accept('c', chain.slice(1))).toBe(true);
  });

  test('others at once where a certificate proves what nobody claims, and in vain not without a pause', () => {
    const { asked, catchUp, pursue } = begin();
    catchUp.behind(9 as Height, null);
    for (let turn = 0; turn < 800; turn++) {
      pursue(5, Math.floor(turn / 100));
      for (const peer of ['a', 'b', 'c']) catchUp.accept(peer, []);
    }
    expect(asked.map(([peer]) => peer).join('')).toBe('abcabc');
  });

  test('no longer one who answered with nothing, with a lie, or with something else', () => {
    for (const lie of ['empty', 'refuted', 'elsewhere', 'bare']) {
      const { asked, catchUp, pursue } = begin();
      catchUp.behind(9 as Height, 'a');
      pursue(0, 1);
      if (lie === 'empty') expect(catchUp.accept('a', [])).toBe(false);
      if (lie === 'elsewhere') expect(catchUp.accept('a', chain.slice(3))).toBe(false);
      if (lie === 'bare')
        expect(catchUp.accept('a', [{ ...chain[0]!, fullBody: NO_BODY }, ...chain.slice(1)])).toBe(false);
      if (lie === 'refuted') {
        expect(catchUp.accept('a', chain)).toBe(true);
        catchUp.refuted('a');
      }
      for (let tick = 2; tick < 60; tick++) pursue(0, tick);
      expect([lie, asked]).toEqual([lie, [['a', 1]]]);
      catchUp.behind(9 as Height, 'b');
      pursue(0, 60);
      expect(asked.at(-1)).toEqual(['b', 1]);
    }
  });

  test('an answer to an earlier question counts, once, and the newer one stays open', () => {
    const { asked, catchUp, pursue } = begin(['a']);
    catchUp.behind(9 as Height, 'a');
    pursue(0, 0);
    // Another gave the first block meanwhile.
    pursue(1, 17);
    catchUp.behind(9 as Height, 'a');
    pursue(1, 18);
    expect(asked).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
    expect(catchUp.accept('a', chain)).toBe(true);
    expect(catchUp.accept('a', chain.slice(1))).toBe(true);
    expect(catchUp.accept('a', chain)).toBe(false);
  });

  test('an answer that was asked for before we were abreast ends no claim and no newer question', () => {
    const { asked, catchUp, pursue } = begin(['a']);
    catchUp.behind(2 as Height, 'a');
    pursue(0, 0);
    pursue(2, 1);
    catchUp.behind(9 as Height, 'a');
    pursue(2, 5);
    expect(asked).toEqual([
      ['a', 1],
      ['a', 3],
    ]);
    expect(catchUp.accept('a', chain.slice(0, 2), true)).toBe(false);
    expect(catchUp.claims).toBe(1);
    expect(catchUp.accept('a', chain.slice(2), true)).toBe(true);
  });

  /** Two peers, of which the second gives at once, in ticks that are not `quiet`. The first loses its first answer. The ticks in
   *  which the first is asked. */
  function afterLoss(quiet: readonly number[]): readonly number[] {
    const { catchUp } = begin(['lossy', 'b']);
    const ticks: number[] = [];
    let executed = 0;
    let late: readonly SyncBlock[] = [];
    const give = (peer: string, blocks: readonly SyncBlock[]): void => {
      if (catchUp.accept(peer, blocks)) catchUp.proved(provedOf(blocks), 0, executed as Height);
    };
    for (let tick = 0; tick < 600; tick++) {
      for (const peer of ['lossy', 'b']) catchUp.behind((executed + FAR) as Height, peer);
      if (!quiet.includes(tick)) give('b', late);
      for (const { peer, from, to } of catchUp.ask(executed as Height, LAST, tick)) {
        const blocks = range(from, to - from + 1, 0);
        if (peer === 'lossy') ticks.push(tick);
        if (peer === 'b' && quiet.includes(tick)) late = blocks;
        else if (tick > 0 || peer === 'b') give(peer, blocks);
      }
      for (
        let next = catchUp.take(executed as Height, () => true);
        next !== undefined;
        next = catchUp.take(executed as Height, () => true)
      )
        executed = next.blocks.at(-1)?.header.height ?? 0;
    }
    return ticks;
  }

  test('who lost an answer is asked as before after half a minute', () => {
    expect(afterLoss([]).filter((tick) => tick < 512)).toEqual([0]);
    expect(afterLoss([]).filter((tick) => tick >= 512).length).toBeGreaterThan(50);
  });

  test('who lost an answer, and gives the next, is asked as before at once', () => {
    const quiet = Array.from({ length: 14 }, (_, tick) => 40 + tick);
    expect(afterLoss(quiet).filter((tick) => tick > 54 && tick < 512).length).toBeGreaterThan(100);
  });

  test('who owes an answer is asked after all others', () => {
    const { asked, catchUp, pursue } = begin(['a', 'b']);
    for (const peer of ['a', 'b']) catchUp.behind(9 as Height, peer);
    pursue(0, 0);
    for (let tick = 1; tick < 30; tick++) {
      pursue(0, tick);
      catchUp.behind(9 as Height, 'a');
      catchUp.accept('b', range(1, 1, 1));
    }
    expect(asked.map(([peer]) => peer).filter((peer) => peer === 'b').length).toBeGreaterThan(2);
    expect(asked[0]?.[0]).toBe('a');
  });

  test('only the one who was asked is listened to', () => {
    const { catchUp, pursue } = begin();
    catchUp.behind(9 as Height, 'a');
    pursue(0, 1);
    expect(catchUp.accept('b', chain)).toBe(false);
    expect(catchUp.accept('a', chain)).toBe(true);
    expect(catchUp.accept('a', chain)).toBe(false);
  });

  test('a claim of one is no target that a reader is told of; a claim of more than can lie is', () => {
    const { catchUp } = begin();
    catchUp.behind(Number.MAX_SAFE_INTEGER as Height, 'a');
    expect(catchUp.target(5 as Height)).toBeNull();
    catchUp.behind(9 as Height, 'b');
    expect(catchUp.target(5 as Height)).toBe(9);
    catchUp.behind(12 as Height, null);
    expect(catchUp.target(5 as Height)).toBe(12);
    expect(catchUp.target(12 as Height)).toBeNull();
  });
});

test.each([6, 24])(
  'a node follows block by block where the first certificate, at height %i, is too far',
  (certified) => {
    const behind = 3;
    const network = new Cluster(4, ({ consensus }) => Object.assign(consensus, { idleBlockMs: 100 }));
    for (const index of [0, 1, 2]) network.start(index);
    expect(network.until(() => (network.heights()[0] ?? 0) >= certified, 10_000)).toBe(true);
    network.run(50);
    const given: number[] = [];
    // Each answer: one block, and headers up to the certificate.
    network.link = (from, to, message) => {
      const asked = from === behind && kindOfBytes(message) === 'fetch-blocks' ? decodePeerMessage(message) : null;
      if (asked?.ok !== true || asked.value.kind !== 'fetch-blocks' || asked.value.from >= certified) return true;
      const next = asked.value.from;
      const blocks = network
        .node(0)
        .blocks.slice(next - 1, certified)
        .map(({ record: { header }, body, certificate }) => {
          const [isFirst, isLast] = [header.height === next, header.height === certified];
          return { header, fullBody: isFirst ? body : NO_BODY, certificate: isLast ? certificate : null };
        });
      given.push(next);
      network.inject(to, behind, { kind: 'blocks', blocks });
      return false;
    };
    network.start(behind);
    const follows = (height: number) => () => (network.heights()[behind] ?? 0) >= height;
    expect(network.until(follows(certified + 2), 5000)).toBe(true);
    network.run(50);
    const heights = network.node(behind).blocks.map(({ record: { header } }) => header.height as number);
    expect(heights.slice(0, certified + 2)).toEqual(
      Array.from({ length: certified + 2 }, (_, position) => position + 1),
    );
    expect(given).toEqual(heights.slice(0, certified - 1));
    // What it keeps of them is what it would have kept of blocks with certificates.
    network.crash(behind);
    network.start(behind);
    expect(network.until(follows(certified + 4), 5000)).toBe(true);
    expect(network.nodes.flatMap(({ punished, halted }) => [...punished, ...halted])).toEqual([]);
  },
);

test('who hears of the newest certificate first gives what it fetched below it to the next who lacks it', () => {
  const [behind, asks] = [3, 1];
  const network = new Cluster(4, ({ consensus }) => Object.assign(consensus, { idleBlockMs: 100 }));
  for (const index of [0, 1, 2]) network.start(index);
  expect(network.until(() => (network.heights()[0] ?? 0) >= 100, 20_000)).toBe(true);
  network.run(50);
  const certificate = network.node(0).blocks.findLast((block) => block.certificate !== null)?.certificate;
  network.start(behind);
  network.run(1);
  network.inject(0, behind, { kind: 'certificate', certificate: certificate! });
  expect(network.until(() => (network.heights()[behind] ?? 0) >= 100, 5000)).toBe(true);
  let given: readonly SyncBlock[] = [];
  network.link = (from, to, message) => {
    const answer = from === behind && to === asks && kindOfBytes(message) === 'blocks' && decodePeerMessage(message);
    if (answer && answer.ok && answer.value.kind === 'blocks') given = answer.value.blocks;
    return true;
  };
  network.inject(asks, behind, { kind: 'fetch-blocks', from: 1 as Height, count: 64 });
  network.run(100);
  expect(given).toHaveLength(64);
});

test('a node that is far behind gets on as fast as all honest peers give, though these take two seconds and a liar gives a block soon', () => {
  const [liar, behind, far] = [0, 3, 400];
  const network = new Cluster(4, ({ consensus }) => Object.assign(consensus, { idleBlockMs: 50 }));
  for (const index of [0, 1, 2]) network.start(index);
  expect(network.until(() => (network.heights()[1] ?? 0) >= far, 60_000)).toBe(true);
  network.link = (from, to, message) => {
    if (to !== behind || kindOfBytes(message) !== 'blocks') return true;
    const answer = decodePeerMessage(message);
    const blocks = answer.ok && answer.value.kind === 'blocks' ? answer.value.blocks : [];
    const some = from === liar && blocks[0]?.certificate !== null ? blocks.slice(0, 1) : blocks;
    network.scheduler.after(from === liar ? 100 : 2000, () =>
      network.inject(from, to, { kind: 'blocks', blocks: some }),
    );
    return false;
  };
  network.start(behind);
  // Two of them give 64 blocks each time. One alone would need more than twelve seconds for what was there at the beginning.
  expect(network.until(() => (network.heights()[behind] ?? 0) >= far, 8500)).toBe(true);
  expect(network.nodes.flatMap(({ punished, halted }) => [...punished, ...halted])).toEqual([]);
});
