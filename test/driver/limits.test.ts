/** What peers and clients can make a driver hold or do: each bound at its limit, and what happens one beyond. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { unreachable } from '../../src/base/invariant.ts';
import { viewChangeSigningBytes, type ViewChange } from '../../src/consensus/messages.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { Bodies } from '../../src/driver/bodies/bodies.ts';
import { BodyPool } from '../../src/driver/bodies/body-pool.ts';
import type { Chain } from '../../src/driver/durability/chain.ts';
import { Intake } from '../../src/driver/transactions/intake.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { Given } from '../../src/driver/fairness/given.ts';
import { type Buffers, bufferLimits } from '../../src/driver/limits.ts';
import { Mempool } from '../../src/driver/transactions/mempool.ts';
import { ToldTransactions } from '../../src/driver/transactions/told-transactions.ts';
import type { Store } from '../../src/driver/ports.ts';
import { Room } from '../../src/driver/transactions/room.ts';
import type { Entry } from '../../src/driver/transactions/sender-queue.ts';
import { weightOf } from '../../src/ledger/weight.ts';
import { Server } from '../../src/driver/sync/server.ts';
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { NO_ACCOUNT } from '../../src/ledger/account.ts';
import { blockRecordCodec, bodyHash, fullBodyCodec, NULL_BODY } from '../../src/ledger/block.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { certificateCodec, type SignedVote, type VoteKind, voteSigningBytes } from '../../src/ledger/vote.ts';
import { bounds } from '../../src/simulator/checkers/health.ts';
import type { SimulatedNode } from '../../src/simulator/world/node.ts';
import { append, hashOf, makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';
import { Cluster, proposal } from './cluster.ts';
import { pay, signedBy } from './people.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';

const WINDOW = 16;
const WEIGHT = 4000;
const TICK_MS = 50;
/** The node that is filled, and the validator that fills it. */
const NODE = 1;
const LIAR = 3;
/** What nobody knows does not help to fetch. */
const NOTHING_KNOWN = { voters: () => [], isChecking: () => false };

/** Four nodes with their first block final, and no message between them from then on but those that a test injects. The genesis
 *  pays these people. */
function cutOff(people: readonly number[] = []): Cluster {
  const cluster = new Cluster(4, pay(people));
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), 2000)).toBe(true);
  expect(cluster.genesis.consensus).toMatchObject({ window: WINDOW, tickMs: TICK_MS });
  cluster.link = () => false;
  cluster.run(TICK_MS);
  return cluster;
}

/** As if this validator had sent all of it in one turn. */
function flood(cluster: Cluster, from: number, messages: readonly PeerMessage[]): void {
  const { peerId } = cluster.node(from);
  for (const message of messages) cluster.driver(NODE).receive(peerId, encodePeerMessage(message));
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

interface Place {
  readonly epoch?: number;
  readonly view?: number;
  readonly height: number;
}

function vote(cluster: Cluster, kind: VoteKind, voter: number, place: Place, digit = 'a'): PeerMessage {
  const { epoch = 0, view = 0, height } = place;
  const unsigned = {
    kind,
    epoch: epoch as Epoch,
    view: view as View,
    height: height as Height,
    hash: hashOf(digit),
  };
  const signature = cluster.sign(voter, voteSigningBytes(cluster.genesis.chainId, unsigned));
  const signed: SignedVote = { vote: unsigned, voter: voter as ValidatorIndex, signature };
  return { kind: 'vote', vote: signed };
}

function viewChange(cluster: Cluster, voter: number, view: number, forged = false): PeerMessage {
  const unsigned: ViewChange = {
    epoch: 0 as Epoch,
    view: view as View,
    voter: voter as ValidatorIndex,
    stable: null,
    prepared: [],
  };
  const signature = cluster.sign(voter, viewChangeSigningBytes(cluster.genesis.chainId, unsigned));
  if (forged) signature[0]! ^= 1;
  return { kind: 'view-change', viewChange: { viewChange: unsigned, signature } };
}

const status = (cluster: Cluster, stableHeight: number): PeerMessage => {
  const [own] = [...cluster.driver(NODE).status().peers.values()];
  if (own === undefined || own === null) throw new Error('no STATUS yet');
  return { kind: 'status', status: { ...own, stableHeight: stableHeight as Height, slots: [] } };
};

describe('what the core keeps', () => {
  const ABOVE = range(2, 5 * WINDOW);
  const cases: readonly (readonly [string, (cluster: Cluster) => readonly PeerMessage[], Partial<Buffers>])[] = [
    [
      'PRE-PREPAREs of the primary: one of each height in the window',
      (c) => ABOVE.map((height) => proposal(c, 0, 0, height, {})),
      { slots: 16, bodies: 16 },
    ],
    [
      'many PRE-PREPAREs of the primary for one height: the first',
      (c) => range(1, 20).map((more) => proposal(c, 0, 0, 2, { timestampMs: Math.floor(c.scheduler.nowMs) + more })),
      { slots: 1, bodies: 1 },
    ],
    [
      'PRE-PREPAREs of later views by their primaries: none',
      (c) => range(1, 30).map((view) => proposal(c, view % 4, view, 2, {})),
      { slots: 0, bodies: 0 },
    ],
    [
      'PREPAREs and COMMITs: one of each voter and height in the window',
      (c) => ABOVE.flatMap((height) => (['prepare', 'commit'] as const).map((kind) => vote(c, kind, LIAR, { height }))),
      { slots: 16, slotVotes: 2 },
    ],
    [
      'contradicting votes: the first, and evidence',
      (c) => ['a', 'b', 'c', 'd'].map((digit) => vote(c, 'commit', LIAR, { height: 2 }, digit)),
      { slots: 1, slotVotes: 1, evidence: 1 },
    ],
    [
      'evidence against one validator: a piece of each epoch',
      (c) =>
        ABOVE.flatMap((height) =>
          (['prepare', 'commit'] as const).flatMap((kind) =>
            ['a', 'b'].map((digit) => vote(c, kind, LIAR, { height }, digit)),
          ),
        ),
      { slots: 16, slotVotes: 2, evidence: 1 },
    ],
    [
      'votes of later views: none',
      (c) => range(1, 30).map((view) => vote(c, 'commit', LIAR, { height: 2, view })),
      { slots: 0, slotVotes: 0 },
    ],
    [
      'votes of later epochs: none',
      (c) =>
        range(1, 30).flatMap((epoch) =>
          (['commit', 'checkpoint'] as const).map((kind) => vote(c, kind, LIAR, { epoch, height: 1000 * epoch + 1 })),
        ),
      { slots: 0, checkpoints: 4 },
    ],
    [
      'CHECKPOINTs: one of each voter and height in the window, beside the four of height 1',
      (c) => ABOVE.flatMap((height) => ['a', 'b'].map((digit) => vote(c, 'checkpoint', LIAR, { height }, digit))),
      { checkpoints: 4 + 16, evidence: 1 },
    ],
    [
      'VIEW-CHANGEs: one of each voter, that to its highest view, however far',
      (c) => [1, 2, 1_000_000, Number.MAX_SAFE_INTEGER].map((view) => viewChange(c, LIAR, view)),
      { viewChanges: 1 },
    ],
    [
      'claims to be ahead: one of each validator',
      (c) => range(100, 10).map((height) => status(c, 10 ** 9 + height)),
      { claims: 1 },
    ],
  ];

  test.each(cases)('%s', (_, messages, expected) => {
    const cluster = cutOff();
    flood(cluster, LIAR, messages(cluster));
    cluster.run(1);
    const buffers = cluster.driver(NODE).buffers();
    expect(buffers).toMatchObject(expected);
    expectWithin(buffers);
    expect(cluster.node(NODE).punished).toEqual([]);
  });
});

/** No buffer is above its limit. */
function expectWithin(buffers: Buffers): void {
  const limits = bufferLimits(4, WINDOW, WEIGHT);
  for (const [name, size] of Object.entries(buffers))
    expect([name, size <= limits[name as keyof Buffers]]).toEqual([name, true]);
}

describe('the bodies of a node that executed one height only', () => {
  function bodiesOf() {
    const asked = new Set<Height>();
    const genesis = makeGenesis();
    const bodies = new Bodies({
      genesis,
      epochs: epochsOf(genesis),
      clock: { nowMs: () => 0, soon: (run) => run() },
      batch: new Batch(),
      authority: () => unreachable('no certificate here' as never),
      headMs: () => 0,
      roster: { peers: () => ['peer'], peerOf: String },
      outbox: { sendTo: (_, message) => message.kind === 'fetch-body' && asked.add(message.height) },
      find: () => undefined,
      executedHeight: () => 1 as Height,
      executedBody: () => undefined,
    });
    const bodyAt = (height: number) => ({ ...NULL_BODY, proposer: 0 as ValidatorIndex, timestampMs: height });
    const hashAt = (height: number): Hash => bodyHash(bodyAt(height));
    return {
      bodies,
      asked,
      offer: (height: number) => bodies.offered(height as Height, hashAt(height), bodyAt(height), 'peer'),
      order: (height: number) => bodies.execute(height as Height, hashAt(height)),
      held: () => range(2, 200).filter((height) => bodies.pool.get(height as Height, hashAt(height)) !== undefined),
    };
  }

  test('are those of the window, and of the one below it, while certificates go on without it', () => {
    const { bodies, offer, held } = bodiesOf();
    for (let height = 2; height < 100; height++) {
      offer(height);
      bodies.passed((height - WINDOW) as Height);
    }
    expect(held()).toEqual(range(100 - WINDOW, WINDOW));
  });

  test('are those to be executed next, while what a quorum orders goes on without it', () => {
    const { bodies, asked, offer, order, held } = bodiesOf();
    for (let height = 3; height < 100; height++) {
      order(height);
      offer(height);
      bodies.passed((height - WINDOW) as Height);
    }
    expect(held()).toEqual(range(3, WINDOW));
    for (let tick = 0; tick < 20; tick++) bodies.fetch(tick, NOTHING_KNOWN);
    expect([...asked]).toEqual([]);
    order(2);
    for (let tick = 20; tick < 40; tick++) bodies.fetch(tick, NOTHING_KNOWN);
    expect([...asked]).toEqual([2]);
    for (const height of [2, 50]) offer(height);
    expect(held()).toEqual(range(2, WINDOW + 1));
  });
});

test('the limits are as they are known to be, with four validators', () => {
  expect(bufferLimits(4, WINDOW, WEIGHT)).toEqual({
    transactions: 40_000,
    transactionBytes: 32 * 1024 * 1024,
    gapped: 8192,
    verifying: 8192 + 384 * 8192,
    verifyingBytes: (16 + 384 * 8) * 1024 * 1024,
    bodies: 384,
    // Four bodies of 2000 transactions of the lightest weight, each 164 bytes around a memo and a unit of data, of 256 bytes each.
    collectedBytes: 4 * 2000 * (164 + 256 + 256),
    claims: 4,
    syncBytes: 32 * 1024 * 1024 + 8 * 1024 * 1024 + 64 * 1024,
    waiting: 50_000,
    refused: 16_384,
    told: 65_536,
    given: 65_536,
    signatures: 392,
    evidence: 260,
    slots: 16,
    slotVotes: 8,
    checkpoints: 128,
    viewChanges: 4,
    promises: 136,
    reported: 272,
    lacking: 8,
  });
});

const CACHE = { entryBytes: 1000, nodeBytes: 2000 };
/** A turn of the simulator brings 4 MiB at most. */
const STATE_MOST = 1000 + 2000 + 2 * 4 * 1024 * 1024;

/** What the simulator says of a node that holds this. */
function violationsOf(buffers: Buffers, stateBytes: number): readonly string[] {
  const genesis = makeGenesis();
  const driver = { buffers: () => buffers, stateBytes };
  const node = { slot: 0, driver, cache: CACHE } as unknown as SimulatedNode;
  const violations: string[] = [];
  const world = { genesis, epochs: epochsOf(genesis), nodes: [node] };
  const checker = bounds(world, (message) => violations.push(message));
  checker.sent?.(node, { kind: 'view-change' } as PeerMessage);
  return violations;
}

test.each([null, ...(Object.keys(bufferLimits(4, WINDOW, WEIGHT)) as (keyof Buffers)[])])(
  'the simulator tells when a node holds more than its limit of %s, and not before',
  (name) => {
    const limits = bufferLimits(4, WINDOW, WEIGHT);
    const buffers = name === null ? limits : { ...limits, [name]: limits[name] + 1 };
    expect(violationsOf(buffers, STATE_MOST)).toEqual(
      name === null ? [] : [`node 0 holds ${limits[name] + 1} ${name}, at most ${limits[name]}`],
    );
  },
);

test('and when it has more of the state in memory than its cache and what a turn brings', () => {
  const most = `node 0 has ${STATE_MOST + 1} bytes of the state in memory, at most ${STATE_MOST}`;
  expect(violationsOf(bufferLimits(4, WINDOW, WEIGHT), STATE_MOST + 1)).toEqual([most]);
});

describe('an answer with blocks', () => {
  const genesis = makeGenesis();
  const { record } = append(genesisState(genesis), []);
  const LARGE = 1_500_000;

  /** What a peer gets that asks for the first blocks of 64, with bodies of about so many bytes, and how much was read for it. */
  function ask(
    bytes: number,
    isCertified: (height: number) => boolean,
    isMissing: (height: number) => boolean,
    count = 64,
  ) {
    const transactions = range(0, Math.floor(bytes / 2052)).map(() => new Uint8Array(2048));
    const fullBody = fullBodyCodec.encode({ body: NULL_BODY, transactions });
    const certificate = (height: number) =>
      certificateCodec.encode({
        epoch: 0 as Epoch,
        height: height as Height,
        blockHash: hashOf('a'),
        signers: signersOf([]),
        signatures: [],
      });
    let read = 0;
    let records = 0;
    const value = (key: string): Uint8Array | undefined => {
      const [kind, digits] = key.split('/');
      const height = Number(digits);
      if (kind === 'block') {
        records += 1;
        return blockRecordCodec.encode({ ...record, header: { ...record.header, height: height as Height } });
      }
      if (kind === 'certificate') return isCertified(height) ? certificate(height) : undefined;
      read += 1;
      return isMissing(height) ? undefined : fullBody;
    };
    const answers: PeerMessage[] = [];
    const server = new Server(
      { read: (keys: readonly string[], done: (values: unknown) => void) => done(keys.map(value)) } as unknown as Store,
      { state: { genesis, epochs: epochsOf(genesis) }, finalHeight: 64 } as unknown as Chain,
      new Mempool(() => NO_ACCOUNT, genesis.ledger),
      new BodyPool(),
      {
        message: (_, message) => answers.push(message),
        encoded: (_to, _kind, encoded) => {
          const decoded = decodePeerMessage(encoded);
          if (decoded.ok) answers.push(decoded.value);
        },
        later: () => (run) => run(),
        given: new Given({ tickMs: 50, again: () => {} }),
      },
    );
    server.blocks('peer', 1 as Height, count);
    const blocks = answers.flatMap((answer) => (answer.kind === 'blocks' ? [answer.blocks] : []));
    const heights = blocks.map((each) => each.map(({ header }) => header.height));
    const whole = blocks.flat().filter(({ fullBody: { transactions: given } }) => given.length > 0).length;
    return { heights, whole, read, records };
  }

  test.each([
    ['all that is asked for, where it fits', 3000, () => true, () => false, 64, 64, 64],
    ['what fits, of which more than twice is not read', LARGE, () => true, () => false, 2, 2, 8],
    ['besides headers, up to the first certificate', LARGE, (height: number) => height === 5, () => false, 5, 2, 8],
    ['these however far that is', LARGE, (height: number) => height === 64, () => false, 64, 2, 8],
    ['nothing that no certificate proves', LARGE, () => false, () => false, 0, 0, 8],
    ['what comes before a gap', LARGE / 5, () => true, (height: number) => height === 11, 10, 10, 16],
    [
      'what comes before a gap and has a certificate',
      3000,
      (height: number) => height < 8,
      (h: number) => h === 11,
      7,
      7,
      16,
    ],
  ])('holds %s', (_, bytes, isCertified, isMissing, count, whole, read) => {
    expect(ask(bytes, isCertified, isMissing)).toMatchObject({ heights: [range(1, count)], whole, read });
  });

  test('reads no records beyond what was asked for, but those that lead to a certificate', () => {
    const isThere = () => false;
    expect(ask(3000, () => true, isThere, 2)).toMatchObject({ heights: [[1, 2]], whole: 2, records: 2 });
    expect(ask(3000, (height) => height === 5, isThere, 2)).toMatchObject({
      heights: [range(1, 5)],
      whole: 2,
      records: 64,
    });
  });
});

describe('messages that wait for a turn', () => {
  const GARBAGE = Uint8Array.of(255);

  /** How many of the node's peers' messages were looked at. */
  const looked = (cluster: Cluster, from: number): number =>
    cluster.node(NODE).punished.filter(({ peer }) => peer === cluster.node(from).peerId).length;

  test('are a share of each peer, and one that floods us crowds out nobody', () => {
    const cluster = cutOff();
    for (const from of [LIAR, 2])
      for (let i = 0; i < (from === LIAR ? 20_000 : 10); i++)
        cluster.driver(NODE).receive(cluster.node(from).peerId, GARBAGE);
    cluster.run(1);
    expect([looked(cluster, LIAR), looked(cluster, 2)]).toEqual([Math.floor((16 * 1024 * 1024) / 1025), 10]);
  });

  test('are bounded in all, and leave clients room', () => {
    const cluster = new Cluster(7);
    cluster.startAll();
    cluster.run(500);
    for (const from of [0, 2, 3, 4, 5, 6])
      for (let i = 0; i < 10_000; i++) cluster.driver(NODE).receive(cluster.node(from).peerId, GARBAGE);
    const answers = cluster.submit(NODE, cluster.transfer(0, 1, 0));
    cluster.run(1);
    expect(answers).toMatchObject([{ status: 'pending' }]);
    const heard = cluster.nodes.reduce((sum, { index }) => sum + looked(cluster, index), 0);
    expect(heard).toBeGreaterThan(49_990);
    expect(heard).toBeLessThanOrEqual(50_000);
  });
});

test('of clients no more bytes wait for a turn than a mempool holds', () => {
  const cluster = cutOff();
  const LONGEST = new Uint8Array(136 * 1024);
  const answers = range(0, 242).map(() => cluster.submit(NODE, LONGEST));
  expect(answers.map(([answer]) => answer).filter((answer) => answer !== undefined)).toMatchObject([
    { code: 'MEMPOOL_FULL' },
    { code: 'MEMPOOL_FULL' },
  ]);
  cluster.run(10);
  expect(answers.slice(0, 240).every(([answer]) => answer !== undefined && 'code' in answer)).toBe(true);
  const later = cluster.submit(NODE, cluster.transfer(0, 1, 0));
  cluster.run(10);
  expect(later).toMatchObject([{ status: 'pending' }]);
});

describe('transactions', () => {
  test('whose signatures are being checked are bounded, for clients', () => {
    const cluster = cutOff(range(0, 8194));
    const answers = range(0, 8194).map((person) => cluster.submit(NODE, signedBy(person, cluster)));
    const again = cluster.submit(NODE, signedBy(0, cluster));
    cluster.run(10);
    const refused = answers.flatMap((answer, person) => (answer[0]?.hasOwnProperty('code') ? [person] : []));
    expect(refused).toEqual([8192, 8193]);
    expect(answers[8192]).toMatchObject([{ code: 'MEMPOOL_FULL', message: '8192 transactions are being looked at' }]);
    expect(again).toMatchObject([{ status: 'pending' }]);
    const later = cluster.submit(NODE, signedBy(8192, cluster));
    cluster.run(10);
    expect(later).toMatchObject([{ status: 'pending' }]);
  });

  test('whose signatures are being checked are bounded, for peers, but what a body waits for is taken', () => {
    const cluster = cutOff([...range(0, 8692), 9000]);
    const wanted = signedBy(9000, cluster);
    flood(cluster, 0, [proposal(cluster, 0, 0, 2, { transactionIds: [transactionId(wanted)] })]);
    const bundle = (from: number, count: number): PeerMessage => ({
      kind: 'transactions',
      transactions: range(from, count).map((person) => signedBy(person, cluster)),
    });
    flood(cluster, LIAR, [bundle(0, 4096), bundle(4096, 4096), bundle(8192, 500)]);
    flood(cluster, LIAR, [{ kind: 'transactions', transactions: [wanted] }]);
    cluster.run(10);
    expect(cluster.driver(NODE).status().mempool.size).toBe(8192 + 1);
    expect(cluster.driver(NODE).isPending(transactionId(wanted))).toBe(true);
  });

  test.each([
    ['one of each sender', (each: number) => [each, 1] as const],
    ['all but the first of each sender', (each: number) => [Math.floor(each / 255), 1 + (each % 255)] as const],
  ])('that wait for earlier ones are bounded, and leave room for others: %s', (_, which) => {
    const cluster = cutOff([...range(0, 3 * 4096), 20_000]);
    for (const from of [0, 4096, 8192]) {
      const transactions = range(from, 4096)
        .map(which)
        .map(([person, nonce]) => signedBy(person, cluster, { nonce }));
      flood(cluster, LIAR, [{ kind: 'transactions', transactions }]);
      cluster.run(10);
    }
    expect(cluster.driver(NODE).buffers()).toMatchObject({ gapped: 8192, transactions: 8192 });
    const answers = [1, 0, 1].map((nonce) => {
      const answer = cluster.submit(NODE, signedBy(20_000, cluster, { nonce }));
      cluster.run(10);
      return answer;
    });
    expect(answers).toMatchObject([[{ code: 'NONCE_TOO_HIGH' }], [{ status: 'pending' }], [{ status: 'pending' }]]);
  });

  test('that wait for earlier ones make room for others, and who asks hears of it', () => {
    const genesis = makeGenesis();
    const of = (sender: number, nonce: number) =>
      makeTransaction({
        chainId: genesis.chainId,
        sender: stranger(sender),
        nonce,
        operations: [transfer(stranger(9), 1n)],
      });
    const accountOf = () => ({ balance: 1n, nonce: 0 });
    const mempool = new Mempool(accountOf, genesis.ledger);
    const waiting = [of(1, 1), ...range(0, 39_999).map((each) => of(2 + Math.floor(each / 256), each % 256))];
    for (const each of waiting) expect(mempool.add(each, 0, 'peer').ok).toBe(true);
    const rejected: unknown[] = [];
    const intake = new Intake({
      state: { ...genesisState(genesis), source: { get: accountOf } } as never,
      mempool,
      bodies: new BodyPool(),
      stateFetching: { withEntry: (_, run) => run() },
      isInMemory: () => true,
      verifier: { check: () => true, checkBatch: (checks, done) => done(checks.map(() => true)) },
      clock: { nowMs: () => 0, soon: (run) => run() },
      loop: { input: (run) => run() },
      committed: (_, done) => done(false),
      outbox: { broadcast: () => {} },
      observer: { rejected: (id, code) => rejected.push([id, code]) },
      punish: () => {},
      budgets: { charge: () => {}, refund: () => {} },
      questions: { takeTransaction: () => false },
      roster: { validatorOf: () => undefined },
    });
    const answers: unknown[] = [];
    for (const each of [of(500, 0), of(501, 0)]) intake.submit(each.bytes, (outcome) => answers.push(outcome));
    intake.flush();
    expect(answers).toMatchObject([{ status: 'pending' }, { code: 'MEMPOOL_FULL' }]);
    expect(rejected).toEqual([[of(1, 1).id, 'NONCE_TOO_HIGH']]);
  });

  test.each([
    ['the last of a sender’s share', 256, 255, { status: 'pending' }],
    ['one more, with nothing missing before it: wait until some are committed', 256, 256, { code: 'SENDER_LIMIT' }],
    ['far more, all the same', 256, 100_000, { code: 'SENDER_LIMIT' }],
    ['one far ahead, with others missing before it: submit these first', 200, 256, { code: 'NONCE_TOO_HIGH' }],
    ['one ahead that can be held', 200, 255, { status: 'pending' }],
  ])('of one sender: %s', (_, waiting, nonce, expected) => {
    const cluster = cutOff();
    const first = range(0, waiting).map((each) => cluster.submit(NODE, cluster.transfer(0, 1, each)));
    cluster.run(10);
    expect(first.every(([outcome]) => outcome !== undefined && 'status' in outcome)).toBe(true);
    const answer = cluster.submit(NODE, cluster.transfer(0, 1, nonce));
    cluster.run(10);
    expect(answer).toMatchObject([expected]);
  });
});

describe('whether a body has room for a transaction beside others', () => {
  const one = (operations: number) =>
    makeTransaction({
      chainId: hashOf('c'),
      sender: stranger(1),
      operations: range(0, operations).map(() => transfer(stranger(2), 1n)),
    });
  const sized = (bytes: number) => ({ ...one(1), bytes: new Uint8Array(bytes) });
  /** Of a body's bytes, what is for transactions; each takes 36 beside its own. */
  const BYTES = 8 * 1024 * 1024 - 64 * 1024;
  const LARGEST = 136 * 1024;
  const many = range(0, 8191).map(() => one(1));

  test.each([
    ['the heaviest that fits, alone', [], 17, one(16), true],
    ['one that is heavier', [], 16, one(16), false],
    ['one that weighs what is left', [one(16), one(2)], 17 + 3 + 17, one(16), true],
    ['one that weighs more', [one(16), one(3)], 17 + 3 + 17, one(16), false],
    ['a lighter one where that has none', [one(16), one(3)], 17 + 3 + 17, one(15), true],
    ['the largest', [sized(BYTES - 36 - LARGEST - 36)], 1e9, sized(LARGEST), true],
    ['one byte more', [sized(BYTES - 36 - LARGEST - 36)], 1e9, sized(LARGEST + 1), false],
    ['one more', many, 1e9, one(1), true],
    ['one more than there may be', [...many, one(1)], 1e9, one(1), false],
  ])('%s', (_, transactions, blockWeightMax, item, expected) => {
    const room = new Room(blockWeightMax);
    const weighed = (each: typeof item) => ({ item: each, weight: weightOf(each.signed.transaction) });
    for (const each of transactions) room.take(weighed(each));
    expect(room.fits(weighed(item))).toBe(expected);
  });

  test('is used by what is scarcer, weight or bytes', () => {
    const room = new Room(100, 10, 1000 + 36);
    expect([room.used, room.isFull]).toEqual([0, false]);
    room.take({ item: sized(1), weight: 40 });
    expect(room.used).toBe(0.4);
    room.take({ item: sized(700), weight: 1 });
    expect(room.used).toBeGreaterThan(0.7);
    expect([room.isFull, room.fits({ item: sized(200), weight: 2 })]).toEqual([false, true]);
    room.take({ item: sized(100), weight: 1 });
    expect(room.isFull).toBe(true);
  });
});

describe('whether a transaction was overlooked', () => {
  const genesis = makeGenesis();
  const TIMEOUT_MS = genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
  const NOW_MS = 1_000_000;
  const OLD = NOW_MS - 2 * TIMEOUT_MS - 1;
  const TOLD = NOW_MS - TIMEOUT_MS;
  const primary = 0 as ValidatorIndex;
  const ANY_ROOM = () => true;

  const of = (sender: number, nonce = 0) =>
    makeTransaction({
      chainId: hashOf('c'),
      sender: stranger(sender),
      nonce,
      operations: [transfer(stranger(99), 1n)],
    });
  const ids = (...senders: number[]): Set<Hash> => new Set(senders.map((sender) => of(sender).id));

  function make(inFlight: ReadonlySet<Hash> = ids()) {
    const mempool = new Mempool(() => NO_ACCOUNT, genesis.ledger);
    /** A block leaves the first account so. */
    const executed = (nonce: number, nowMs: number) => mempool.prune([[stranger(1), { nonce, balance: 0n }]], 5, nowMs);
    const told = new ToldTransactions(genesis, mempool, inFlight);
    told.turnTo(primary);
    const tellAll = (nowMs: number): void => {
      for (const entry of mempool.entries()) told.tell(entry, nowMs);
    };
    return { executed, mempool, told, tellAll };
  }

  test.each([
    ['nothing waits', [], ids(), 0, false],
    ['one waits for two base timeouts', [OLD + 1], ids(), 0, false],
    ['one waits for longer', [OLD], ids(), 0, true],
    ['it is in flight', [OLD], ids(0), 0, false],
    ['the next is not', [OLD, OLD], ids(0), 0, true],
    ['the next is young', [OLD, OLD + 1], ids(0), 0, false],
    ['many are in flight before it', range(0, 30).map(() => OLD), ids(...range(0, 29)), 0, true],
    ['the view is young', [OLD], ids(), OLD + 1, false],
  ])('when %s', (_, since, inFlight, viewSinceMs, expected) => {
    const { mempool, told, tellAll } = make(inFlight);
    for (const [sender, sinceMs] of since.entries()) mempool.add(of(sender), sinceMs, 'peer');
    tellAll(TOLD);
    expect(told.overlooked(NOW_MS, viewSinceMs, ANY_ROOM)).toBe(expected);
  });

  test.each([
    ['for a base timeout', TOLD, true],
    ['for less', TOLD + 1, false],
  ])('when the primary has known of it %s', (_, toldMs, expected) => {
    const { mempool, told, tellAll } = make();
    mempool.add(of(1), OLD, 'peer');
    tellAll(toldMs);
    tellAll(NOW_MS);
    expect(told.overlooked(NOW_MS, 0, ANY_ROOM)).toBe(expected);
  });

  test('not when there was no room for it, but for one behind it', () => {
    const { mempool, told, tellAll } = make();
    for (const sender of [1, 2]) mempool.add(of(sender), OLD, 'peer');
    tellAll(TOLD);
    const roomFor =
      (...senders: number[]) =>
      ({ item }: Entry) =>
        ids(...senders).has(item.id);
    expect(told.overlooked(NOW_MS, 0, roomFor())).toBe(false);
    expect(told.overlooked(NOW_MS, 0, roomFor(2))).toBe(true);
  });

  test.each([
    ['most of the weight is new', [0, 0, 1], [TOLD + 1, TOLD + 1, OLD], [0, 1]],
    ['half of it is', [0, 1], [TOLD + 1, OLD], []],
    ['most are new, and light', [0, 0, 15], [TOLD + 1, TOLD + 1, OLD], []],
    ['one is, and heavy', [15, 0, 0], [TOLD + 1, OLD, OLD], [0]],
  ])('newcomers count where %s', (_, extra, since, expected) => {
    const { mempool, told } = make();
    const items = extra.map((more, sender) => ({
      ...of(sender),
      ...makeTransaction({
        chainId: hashOf('c'),
        sender: stranger(sender),
        operations: range(0, 1 + more).map(() => transfer(stranger(99), 1n)),
      }),
    }));
    for (const [i, item] of items.entries()) mempool.add(item, since[i] ?? 0, 'peer');
    expect([...told.newcomers(items, NOW_MS)]).toEqual(expected.map((i) => items[i]));
  });

  test('not when the primary was never told', () => {
    const { mempool, told } = make();
    mempool.add(of(1), OLD, 'peer');
    expect(told.overlooked(NOW_MS, 0, ANY_ROOM)).toBe(false);
  });

  test('not when another primary was told', () => {
    const { mempool, told, tellAll } = make();
    mempool.add(of(1), OLD, 'peer');
    tellAll(TOLD);
    told.turnTo(primary);
    expect(told.overlooked(NOW_MS, 0, ANY_ROOM)).toBe(true);
    told.turnTo(1 as ValidatorIndex);
    expect(told.overlooked(NOW_MS, 0, ANY_ROOM)).toBe(false);
  });

  test('not when it has to wait for another', () => {
    const { mempool, told, tellAll } = make();
    mempool.add(of(1, 1), OLD, 'peer');
    tellAll(TOLD);
    expect(told.overlooked(NOW_MS, 0, ANY_ROOM)).toBe(false);
  });

  test('not when it had to until now, since the primary may have refused it', () => {
    const { executed, mempool, told, tellAll } = make();
    mempool.add(of(1, 1), OLD, 'peer');
    tellAll(TOLD);
    executed(1, TOLD + 1);
    tellAll(TOLD + 2);
    expect(told.overlooked(NOW_MS, 0, ANY_ROOM)).toBe(false);
    const later = TOLD + 1 + 2 * TIMEOUT_MS;
    expect([later, later + 1].map((nowMs) => told.overlooked(nowMs, 0, ANY_ROOM))).toEqual([false, true]);
  });

  test('the primary owes what it was told of as long as that waits, however often this is asked', () => {
    const { executed, mempool, told, tellAll } = make();
    expect(told.isOwed).toBe(false);
    mempool.add(of(1), OLD, 'peer');
    expect(told.isOwed).toBe(false);
    tellAll(TOLD);
    expect([told.isOwed, told.isOwed]).toEqual([true, true]);
    executed(1, NOW_MS);
    expect(told.isOwed).toBe(false);
  });

  test('what was told and has left is forgotten', () => {
    const { executed, mempool, told, tellAll } = make();
    for (const sender of [1, 2]) mempool.add(of(sender), OLD, 'peer');
    tellAll(TOLD);
    executed(1, NOW_MS);
    told.forgetGone();
    expect([...told.waiting()].map(({ item }) => item.id)).toEqual([of(2).id]);
    expect(told.overlooked(NOW_MS, 0, ANY_ROOM)).toBe(true);
  });
});
