/** What simulated nodes keep of liars is enough to name them, and the checker that nobody honest is named can fail. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { commitCertificateOf } from '../../src/consensus/tally.ts';
import { viewChangeSigningBytes } from '../../src/consensus/messages.ts';
import { keepCommits } from '../../src/driver/durability/hearsay.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { type SignedVote, voteSigningBytes } from '../../src/ledger/vote.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { H } from '../consensus/kit.ts';
import { standInSignature } from '../consensus/stand-in.ts';

const LIAR = 1;

test('a primary that begins its views wrongly is named by its NEW-VIEW, which those that refused it kept', () => {
  const simulation = new Simulation({
    seed: 3,
    powers: [1n, 1n, 1n, 1n],
    liars: new Map([[LIAR, present(strategies.get('bad-new-view'), 'the strategy').factory]]),
    consensus: { baseTimeoutTicks: 20 },
  });
  simulation.startAll();
  simulation.clients.load(200);
  const kept = () => [0, 2, 3].map((slot) => simulation.node(slot).disk.count('heard/lie/'));
  expect(simulation.until(() => kept().some((count) => count > 0), 120_000)).toBe(true);
  simulation.finish();
  expect(simulation.violations).toEqual([]);
});

describe('the checker of what nodes kept', () => {
  const simulation = (): Simulation =>
    new Simulation({ seed: 1, powers: [1n, 1n, 1n, 1n], liars: new Map(), consensus: {} });

  /** The node kept COMMITs of these validators for the body. */
  function heard(world: Simulation, slot: number, body: Hash, voters: readonly number[]): void {
    const vote = { kind: 'commit', epoch: 0 as Epoch, view: 0 as View, height: 1 as Height, hash: body } as const;
    const votes = voters.map((index): [ValidatorIndex, SignedVote] => {
      const { publicKey } = present(world.genesis.validators.members[index], 'a validator');
      const signature = standInSignature(publicKey, voteSigningBytes(world.genesis.chainId, vote));
      return [index as ValidatorIndex, { vote, voter: index as ValidatorIndex, signature }];
    });
    const batch = new Batch();
    keepCommits(batch, commitCertificateOf(new Map(votes), body));
    const [operation] = batch.take().operations;
    if (operation?.kind !== 'put') throw new Error('it is kept');
    const { disk } = world.node(slot);
    disk.under = (prefix) =>
      [[operation.key, operation.value] as const].filter(([key]) => key.startsWith(prefix)).values() as never;
  }

  const complaints = (world: Simulation): string[] => {
    present(
      world.checkers.find(({ name }) => name === 'forensics'),
      'the checker',
    ).finished?.();
    return world.violations.map(({ message }) => message);
  };

  test('is silent about one body', () => {
    const world = simulation();
    for (const slot of [0, 1]) heard(world, slot, H('a'), [0, 1, 2]);
    expect(complaints(world)).toEqual([]);
  });

  test('fires at a fork, and at whoever is named for it though honest', () => {
    const world = simulation();
    heard(world, 0, H('a'), [0, 1, 2]);
    heard(world, 1, H('b'), [1, 2, 3]);
    expect(complaints(world)).toEqual([
      'epoch 0 forked at height 1',
      'equivocation of honest validator 1 is found in what nodes kept of epoch 0',
      'equivocation of honest validator 2 is found in what nodes kept of epoch 0',
    ]);
  });
});

describe('the checker of amnesia', () => {
  const EMPTY = { epoch: 0 as Epoch, voter: 3 as ValidatorIndex, stable: null, prepared: [] };

  function given(views: readonly number[], isAccused: boolean): readonly string[] {
    const world = new Simulation({ seed: 1, powers: [1n, 1n, 1n, 1n], liars: new Map(), consensus: {} });
    const { chainId, validators } = world.genesis;
    const { publicKey } = present(validators.members[3], 'validator 3');
    const { voted, moved, accused } = present(
      world.checkers.find(({ name }) => name === 'amnesia'),
      'the checker',
    );
    const status = { epoch: 0, view: 0, active: true, finalHeight: 0 };
    const node = Object.assign(world.node(0), { driver: { status: () => status } });
    const vote = { kind: 'commit', epoch: 0 as Epoch, view: 0 as View, height: 1 as Height, hash: H('a') } as const;
    const commit = {
      vote,
      voter: EMPTY.voter,
      signature: standInSignature(publicKey, voteSigningBytes(chainId, vote)),
    };
    voted?.(node, commit);
    if (isAccused) accused?.(node, { kind: 'equivocation', first: commit, second: commit });
    for (const view of views) {
      const viewChange = { ...EMPTY, view: view as View };
      const signature = standInSignature(publicKey, viewChangeSigningBytes(chainId, viewChange));
      moved?.(node, world.node(3), { viewChange, signature });
    }
    return world.violations.map(({ message }) => message);
  }

  test('fires when a node that holds both accuses nobody', () => {
    expect(given([1, 2], false)).toEqual(['validator 3 hid from node 0 in 2 views what it committed to']);
  });

  test('bears with the first view, and with what is proved', () => {
    expect([...given([1, 1], false), ...given([1, 2, 3], true)]).toEqual([]);
  });
});
