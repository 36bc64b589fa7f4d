/** A checker that never fires proves nothing: each is shown a world in which its promise is broken. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import type { FinalizedBlock } from '../../src/driver/ports.ts';
import type { SignedNewView, SignedViewChange } from '../../src/consensus/messages.ts';
import { NULL_BODY } from '../../src/ledger/block.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import type { Evidence } from '../../src/ledger/evidence.ts';
import {
  type Certificate,
  certificateCodec,
  type SignedVote,
  type Vote,
  voteSigningBytes,
} from '../../src/ledger/vote.ts';
import type { Checker } from '../../src/simulator/world/checker.ts';
import { bounds } from '../../src/simulator/checkers/health.ts';
import type { SimulatedNode } from '../../src/simulator/world/node.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import { standInSignature } from '../consensus/stand-in.ts';

const world = (): Simulation => new Simulation({ seed: 1, powers: [1n, 1n, 1n, 1n], liars: new Map() });

const checker = (simulation: Simulation, name: string): Checker =>
  present(
    simulation.checkers.find((each) => each.name === name),
    name,
  );

const hash = (digit: string): Hash => digit.repeat(64) as Hash;

const block = (height: number, change: { hash?: Hash; transactionIds?: Hash[] } = {}): FinalizedBlock =>
  ({
    hash: change.hash ?? hash('a'),
    record: {
      header: { height: height as Height },
      receipts: (change.transactionIds ?? []).map((transactionId) => ({ transactionId, code: 'OK' })),
    },
    body: { body: { transactionIds: change.transactionIds ?? [] } },
  }) as unknown as FinalizedBlock;

function vote(voter: number, change: Partial<Vote>): PeerMessage {
  const place = { kind: 'prepare' as const, epoch: 0 as Epoch, view: 0 as View, height: 1 as Height, hash: hash('a') };
  const signed = { vote: { ...place, ...change }, voter: voter as ValidatorIndex, signature: new Uint8Array(64) };
  return { kind: 'vote', vote: signed };
}

const numbered = (number: number): Hash => number.toString(16).padStart(64, '0') as Hash;

const askedBy = (voter: number, view: number): SignedViewChange => ({
  viewChange: { epoch: 0 as Epoch, view: view as View, voter: voter as ValidatorIndex, stable: null, prepared: [] },
  signature: new Uint8Array(64),
});

const viewChange = (view: number): PeerMessage => ({ kind: 'view-change', viewChange: askedBy(0, view) });

const BASE_TIMEOUT_MS = 2000;

/** The node, as if it ran in view 0, nothing were executed, and nothing wrong. */
function running(simulation: Simulation, slot: number): SimulatedNode {
  simulation.isCalm = () => true;
  const node = simulation.node(slot);
  const status = { epoch: 0, view: 0, active: true, finalHeight: 0 };
  return Object.assign(node, { state: 'running', driver: { status: () => status, evidence: () => [] } });
}

/** The CHECKPOINT of validator 3, with its signature. */
function signedVote(simulation: Simulation, height: number, digit: string): SignedVote {
  const place = { kind: 'checkpoint' as const, epoch: 0 as Epoch, view: 0 as View, height: height as Height };
  const unsigned = { ...place, hash: hash(digit) };
  const { genesis } = simulation;
  const { publicKey } = present(genesis.validators.members[3], 'validator 3');
  const signature = standInSignature(publicKey, voteSigningBytes(genesis.chainId, unsigned));
  return { vote: unsigned, voter: 3 as ValidatorIndex, signature };
}

const proofAgainst = (voter: number): Evidence =>
  ({
    kind: 'equivocation',
    first: { voter, vote: { kind: 'commit', epoch: 0, view: 0, height: 1 } },
    second: { voter, vote: { kind: 'commit', epoch: 0, view: 0, height: 1 } },
  }) as unknown as Evidence;

const final = (height: number, proposer: number): FinalizedBlock =>
  ({
    ...block(height),
    record: { header: { height, epoch: 0 }, receipts: [] },
    body: { body: { ...NULL_BODY, proposer } },
  }) as unknown as FinalizedBlock;

const bodyOf = (change: object): FinalizedBlock =>
  ({ ...block(1), body: { body: { ...NULL_BODY, ...change } } }) as unknown as FinalizedBlock;

/** To view 1, asked for by these validators, who prepared these heights; it proposes nothing again. */
const newView = (voters: readonly number[], heights: readonly number[]): SignedNewView =>
  ({
    newView: {
      epoch: 0,
      view: 1,
      voter: 1,
      viewChanges: voters.map((voter) => ({
        viewChange: {
          voter,
          stable: null,
          prepared: heights.map((height) => ({ height, view: 0, bodyHash: hash('a') })),
        },
      })),
      prePrepares: [],
    },
  }) as unknown as SignedNewView;

const broken: readonly [string, string, (simulation: Simulation) => void][] = [
  [
    'agreement',
    'two nodes finalize different blocks',
    (simulation) => {
      const { finalized } = checker(simulation, 'agreement');
      finalized?.(simulation.node(0), block(1));
      finalized?.(simulation.node(1), block(1, { hash: hash('b') }));
    },
  ],
  [
    'certificates',
    'two certificates name different blocks',
    (simulation) => {
      const { certified } = checker(simulation, 'certificates');
      const certificate = { epoch: 0 as Epoch, height: 1 as Height, blockHash: hash('a') };
      certified?.(simulation.node(0), certificate as never);
      certified?.(simulation.node(0), { ...certificate, blockHash: hash('b') } as never);
    },
  ],
  [
    'transactions',
    'a transaction was never submitted',
    (simulation) =>
      checker(simulation, 'transactions').finalized?.(simulation.node(0), block(1, { transactionIds: [hash('c')] })),
  ],
  [
    'transactions',
    'a transaction is executed at two heights',
    (simulation) => {
      const { id } = simulation.clients.submit(0, simulation.node(0));
      const { finalized } = checker(simulation, 'transactions');
      for (const height of [1, 2]) finalized?.(simulation.node(0), block(height, { transactionIds: [id] }));
    },
  ],
  [
    'durability',
    'a node comes back without a block that it had finalized',
    (simulation) => {
      const node = simulation.node(0);
      node.start();
      simulation.until(() => node.driver !== null, 100);
      checker(simulation, 'durability').finalized?.(node, block(1));
      checker(simulation, 'durability').started?.(node);
    },
  ],
  [
    'durability',
    'a transaction that was called committed is in no block',
    (simulation) => {
      simulation.clients.submit(0, simulation.node(0)).committed = true;
      checker(simulation, 'durability').finished?.();
    },
  ],
  [
    'one vote',
    'a validator votes twice in one place',
    (simulation) => {
      const { sent } = checker(simulation, 'one vote');
      sent?.(simulation.node(0), vote(0, {}));
      sent?.(simulation.node(0), vote(0, { hash: hash('b') }));
    },
  ],
  [
    'one vote',
    'a validator votes in a view that it left',
    (simulation) => {
      const { sent } = checker(simulation, 'one vote');
      sent?.(simulation.node(0), viewChange(1));
      sent?.(simulation.node(0), vote(0, {}));
    },
  ],
  [
    'one vote',
    'a VIEW-CHANGE hides what a COMMIT stood for',
    (simulation) => {
      const { sent } = checker(simulation, 'one vote');
      sent?.(simulation.node(0), vote(0, { kind: 'commit' }));
      sent?.(simulation.node(0), viewChange(1));
    },
  ],
  [
    'grounds',
    'a COMMIT has no quorum of PREPAREs behind it',
    (simulation) => {
      const { sent } = checker(simulation, 'grounds');
      sent?.(simulation.node(1), vote(1, {}));
      sent?.(simulation.node(2), vote(2, { kind: 'commit' }));
    },
  ],
  [
    'grounds',
    'a CHECKPOINT has no quorum of COMMITs behind it',
    (simulation) => checker(simulation, 'grounds').sent?.(simulation.node(0), vote(0, { kind: 'checkpoint' })),
  ],
  [
    'grounds',
    'a certificate names who sent no CHECKPOINT',
    (simulation) => {
      const certificate = { epoch: 0 as Epoch, height: 1 as Height, blockHash: hash('a') };
      checker(simulation, 'grounds').certified?.(simulation.node(0), certificate as never);
    },
  ],
  [
    'on disk',
    'a vote leaves that is not on the disk',
    (simulation) => checker(simulation, 'on disk').sent?.(simulation.node(0), vote(0, { kind: 'pre-prepare' })),
  ],
  [
    'on disk',
    'a VIEW-CHANGE leaves that is not on the disk',
    (simulation) => checker(simulation, 'on disk').sent?.(simulation.node(0), viewChange(1)),
  ],
  [
    'new views',
    'a view begins that too few asked for',
    (simulation) => checker(simulation, 'new views').entered?.(simulation.node(0), newView([0, 1], [])),
  ],
  [
    'new views',
    'a view begins without what was prepared',
    (simulation) => checker(simulation, 'new views').entered?.(simulation.node(0), newView([0, 1, 2], [1])),
  ],
  [
    'gaps',
    'a PREPARE stands above a height that nobody proposed',
    (simulation) => checker(simulation, 'gaps').sent?.(simulation.node(0), vote(0, { height: 2 as Height })),
  ],
  [
    'authorship',
    'a body is in the name of an honest validator that did not propose it',
    (simulation) => checker(simulation, 'authorship').finalized?.(simulation.node(0), bodyOf({ proposer: 1 })),
  ],
  [
    'times',
    'a body is dated long ago',
    (simulation) =>
      checker(simulation, 'times').finalized?.(simulation.node(0), bodyOf({ proposer: 1, timestampMs: 1 })),
  ],
  [
    'proof',
    'a primary tells two stories for ever, and nobody notices',
    (simulation) => {
      const { healed, sent } = checker(simulation, 'proof');
      healed?.();
      for (let height = 1; height <= 9; height++)
        for (const [voter, digit] of ['a', 'b'].entries())
          sent?.(simulation.node(voter + 1), vote(voter + 1, { height: height as Height, hash: hash(digit) }));
    },
  ],
  [
    'accusation',
    'a validator keeps a proof to itself',
    (simulation) => {
      const { accused, sent } = checker(simulation, 'accusation');
      accused?.(simulation.node(0), proofAgainst(1));
      for (let height = 1; height <= 7; height++) {
        const proposal = vote(0, { kind: 'pre-prepare', height: height as Height, hash: numbered(height) });
        sent?.(simulation.node(0), {
          ...proposal,
          kind: 'pre-prepare',
          body: { ...NULL_BODY, proposer: 0 },
        } as PeerMessage);
      }
    },
  ],
  [
    'patience',
    'a validator gives up on a view at once',
    (simulation) => {
      const { started, noted } = checker(simulation, 'patience');
      const node = simulation.node(0);
      started?.(node);
      noted?.(node, { kind: 'view-entered', view: 1 as View, primary: 1 as ValidatorIndex });
      node.ticks += 10;
      noted?.(node, { kind: 'view-change-started', view: 2 as View, reason: 'timeout' });
    },
  ],
  [
    'patience',
    'a validator gives up on a view that nobody else asked for',
    (simulation) => {
      const { started, noted } = checker(simulation, 'patience');
      const node = simulation.node(0);
      started?.(node);
      noted?.(node, { kind: 'view-change-started', view: 1 as View, reason: 'censorship' });
      node.ticks += 10_000;
      noted?.(node, { kind: 'view-change-started', view: 2 as View, reason: 'timeout' });
    },
  ],
  [
    'patience',
    'a validator awaits a view for ever',
    (simulation) => {
      const { started, noted, moved } = checker(simulation, 'patience');
      const node = simulation.node(0);
      started?.(node);
      noted?.(node, { kind: 'view-change-started', view: 1 as View, reason: 'censorship' });
      for (const voter of [1, 2]) moved?.(node, simulation.node(voter), askedBy(voter, 1));
      node.ticks += 10_000;
      noted?.(node, { kind: 'view-entered', view: 1 as View, primary: 1 as ValidatorIndex });
    },
  ],
  [
    'witness',
    'a node is shown two votes of one validator at each height, and accuses nobody',
    (simulation) => {
      const node = running(simulation, 0);
      for (let height = 1; height <= 9; height++)
        for (const digit of ['a', 'b'])
          checker(simulation, 'witness').voted?.(node, signedVote(simulation, height, digit));
    },
  ],
  [
    'accusation',
    'height after height of honest proposers is final without a proof that an honest node holds',
    (simulation) => {
      const { accused, finalized } = checker(simulation, 'accusation');
      accused?.(running(simulation, 0), proofAgainst(3));
      simulation.run(BASE_TIMEOUT_MS);
      for (let height = 1; height <= 7; height++) finalized?.(simulation.node(0), final(height, 1));
    },
  ],
  [
    'accusation',
    'an honest validator proposes a proof that it saw in a final block',
    (simulation) => {
      const { finalized, sent } = checker(simulation, 'accusation');
      const evidence = [proofAgainst(3)];
      finalized?.(simulation.node(0), { ...final(1, 1), body: { body: { ...NULL_BODY, evidence } } } as never);
      const proposal = vote(0, { kind: 'pre-prepare', height: 2 as Height });
      const body = { ...NULL_BODY, proposer: 0, evidence };
      sent?.(simulation.node(0), { ...proposal, kind: 'pre-prepare', body } as unknown as PeerMessage);
    },
  ],
  [
    'accusation',
    'a liar stays primary for long and leaves the proof out',
    (simulation) => {
      simulation.node(3).isLiar = true;
      const { accused, finalized } = checker(simulation, 'accusation');
      accused?.(running(simulation, 0), proofAgainst(3));
      finalized?.(simulation.node(0), final(1, 3));
      simulation.run(5 * BASE_TIMEOUT_MS + 1);
      finalized?.(simulation.node(0), final(2, 3));
    },
  ],
  [
    'blame',
    'an honest node leaves an honest primary, and nothing is wrong',
    (simulation) => {
      const { noted } = checker(simulation, 'blame');
      for (const { slot } of simulation.nodes) running(simulation, slot);
      simulation.run(4 * BASE_TIMEOUT_MS);
      noted?.(simulation.node(1), { kind: 'view-change-started', view: 1 as View, reason: 'timeout' });
    },
  ],
  [
    'health',
    'a block holds evidence against an honest validator',
    (simulation) =>
      checker(simulation, 'health').finalized?.(simulation.node(0), bodyOf({ evidence: [proofAgainst(1)] })),
  ],
  [
    'health',
    'an honest node halts',
    (simulation) => checker(simulation, 'health').halted?.(simulation.node(0), new Error('a bug')),
  ],
  [
    'health',
    'an honest node punishes another',
    (simulation) =>
      checker(simulation, 'health').punished?.(simulation.node(0), simulation.node(1), 'BAD_SIGNATURE', 'vote'),
  ],
  [
    'health',
    'an honest node lets another wait for its turn',
    (simulation) => {
      const { peerId: peer } = simulation.node(1);
      const note = { kind: 'misbehaviour' as const, peer, validator: null, code: 'THROTTLED', message: 'it waits' };
      checker(simulation, 'health').noted?.(simulation.node(0), note);
    },
  ],
  [
    'thrift',
    'a node works without end',
    (simulation) => {
      const { heard } = checker(simulation, 'thrift');
      const node = simulation.node(0);
      heard?.(node, simulation.node(1));
      simulation.scheduler.after(5_000, () => heard?.(node, simulation.node(1)));
      node.processor.spentUs += 2_501_000;
      simulation.run(5_000);
    },
  ],
  [
    'health',
    'an honest validator is accused',
    (simulation) => checker(simulation, 'health').accused?.(simulation.node(0), proofAgainst(1)),
  ],
];

describe('a checker', () => {
  test.for(broken)('of %s fires when %s', ([name, , breakIt]) => {
    const simulation = world();
    breakIt(simulation);
    expect(simulation.violations.map((violation) => violation.checker)).toEqual([name]);
  });

  test('of one vote takes the same vote again', () => {
    const simulation = world();
    for (let repeat = 0; repeat < 2; repeat++) checker(simulation, 'one vote').sent?.(simulation.node(0), vote(0, {}));
    expect(simulation.violations).toEqual([]);
  });

  test('of patience knows the VIEW-CHANGEs of its epoch among later ones that came at once', () => {
    const simulation = world();
    const { started, noted, moved } = checker(simulation, 'patience');
    const node = simulation.node(0);
    started?.(node);
    noted?.(node, { kind: 'view-change-started', view: 1 as View, reason: 'censorship' });
    for (const voter of [1, 2]) {
      const { viewChange: ours, signature } = askedBy(voter, 1);
      for (const epoch of [0, 1] as Epoch[])
        moved?.(node, simulation.node(voter), { viewChange: { ...ours, epoch }, signature });
    }
    node.ticks += simulation.genesis.consensus.baseTimeoutTicks;
    noted?.(node, { kind: 'view-change-started', view: 2 as View, reason: 'timeout' });
    expect(simulation.violations).toEqual([]);
  });

  test.for([[1], [1, 2]])(
    'of patience takes for progress what is ordered and not yet executed: COMMITs of %s',
    (voters) => {
      const simulation = world();
      const { started, noted, sent } = checker(simulation, 'patience');
      const node = simulation.node(0);
      const { baseTimeoutTicks } = simulation.genesis.consensus;
      started?.(node);
      node.ticks += baseTimeoutTicks;
      noted?.(node, { kind: 'view-change-started', view: 1 as View, reason: 'timeout' });
      noted?.(node, { kind: 'view-entered', view: 1 as View, primary: 1 as ValidatorIndex });
      for (const voter of voters) sent?.(simulation.node(voter), vote(voter, { kind: 'commit', view: 1 as View }));
      node.ticks += baseTimeoutTicks;
      noted?.(node, { kind: 'view-change-started', view: 2 as View, reason: 'timeout' });
      expect(simulation.violations.length).toBe(voters.length === 1 ? 1 : 0);
    },
  );

  test.for([29, 30])('of bounds takes a certificate for each certified height, not more: up to %i', (height) => {
    const certificate: Certificate = {
      epoch: 0 as Epoch,
      height: height as Height,
      blockHash: hash('a'),
      signers: signersOf([]),
      signatures: [],
    };
    const stored: Readonly<Record<string, number>> = { 'certificate/': 30 };
    const node = {
      slot: 0,
      isHonest: true,
      driver: { status: () => ({ executedHeight: 3 }) },
      disk: { count: (prefix: string) => stored[prefix] ?? 0, get: () => certificateCodec.encode(certificate) },
    } as unknown as SimulatedNode;
    const violations: string[] = [];
    const { genesis, epochs } = world();
    const { finished } = bounds({ genesis, epochs, nodes: [node] }, (message) => violations.push(message));
    finished?.();
    expect(violations).toEqual(height === 30 ? [] : ['node 0 stores 30 of certificate/, at most 29']);
  });

  test('is told what leaves a node', () => {
    const simulation = world();
    const seen: Uint8Array[] = [];
    const spy: Checker = { name: 'spy', sent: (_, message) => seen.push(encodePeerMessage(message)) };
    (simulation.checkers as Checker[]).push(spy);
    simulation.startAll();
    simulation.until(() => seen.length > 10, 5000);
    expect(seen.length).toBeGreaterThan(10);
  });
});
