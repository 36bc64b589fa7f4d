import { describe, expect, test } from 'vitest';
import type { Epoch, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { conflicts } from '../../src/consensus/evidence.ts';
import type { Outgoing, StrategyFactory } from '../../src/driver/wire/strategy.ts';
import { decodePeerMessage, encodePeerMessage } from '../../src/driver/wire/wire.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { bodyHash, NULL_BODY } from '../../src/ledger/block.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { type SignedVote, type VoteKind, voteSigningBytes } from '../../src/ledger/vote.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import type { ConsensusSettings } from '../../src/simulator/world/keys.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { contextOf } from './context.ts';

installNodeSha256();

const parsed = parseGenesis(developmentNetwork(4).genesisText);
if (!parsed.ok) throw new Error(parsed.error.message);
const genesis = parsed.value;
const self = 0 as ValidatorIndex;
const { publicKey } = present(genesis.validators.members[self], 'validator');
const signer = { sign: (message: Uint8Array) => standInSignature(publicKey, message) };
const make = (name: string, index = self) =>
  present(strategies.get(name), name).factory(contextOf(genesis, index, signer));
const body = { ...NULL_BODY, proposer: self, timestampMs: 5 };

function vote(kind: VoteKind, height: number): SignedVote {
  const unsigned = { kind, epoch: 0 as Epoch, view: 0 as View, height: height as Height, hash: bodyHash(body) };
  return { vote: unsigned, voter: self, signature: signer.sign(voteSigningBytes(genesis.chainId, unsigned)) };
}

const isSigned = ({ vote: signed, signature }: SignedVote): boolean =>
  Buffer.compare(signature, signer.sign(voteSigningBytes(genesis.chainId, signed))) === 0;

/** What each of the three others is told. */
const tellAll = (name: string, messages: readonly Outgoing['message'][]): (readonly Outgoing[])[] => {
  const strategy = make(name);
  return messages.flatMap((message) => [1, 2, 3].map((to) => strategy.outgoing({ to: to as ValidatorIndex, message })));
};

const votesIn = (told: (readonly Outgoing[])[]): SignedVote[] =>
  told
    .flat()
    .flatMap(({ message }) => (message.kind === 'vote' || message.kind === 'pre-prepare' ? [message.vote] : []));

describe('liars', () => {
  test('a silent one says nothing', () => {
    expect(tellAll('silent', [{ kind: 'vote', vote: vote('commit', 1) }]).flat()).toEqual([]);
  });

  test('an equivocating primary signs a PRE-PREPARE for each half, each with its body, and COMMITs to both', () => {
    const told = tellAll('equivocate', [
      { kind: 'pre-prepare', vote: vote('pre-prepare', 1), body },
      { kind: 'vote', vote: vote('commit', 1) },
    ]);
    const votes = votesIn(told);
    expect(votes.every(isSigned)).toBe(true);
    const hashes = votes.map(({ vote: { hash } }) => hash);
    expect(hashes.slice(0, 3)).toEqual([hashes[2], hashes[1], hashes[2]]);
    expect(hashes[0]).not.toBe(hashes[1]);
    expect(hashes.slice(3)).toEqual(hashes.slice(0, 3));
    for (const { message } of told.flat())
      if (message.kind === 'pre-prepare') expect(bodyHash(message.body)).toBe(message.vote.vote.hash);
  });

  test.for(['prepare', 'commit'] as const)('an equivocating backup signs two %ss', (kind) => {
    const votes = votesIn(tellAll('equivocate', [{ kind: 'vote', vote: vote(kind, 7) }]));
    expect(votes.every(isSigned)).toBe(true);
    expect(conflicts(present(votes[0], 'first'), present(votes[1], 'second'))).toBe(true);
  });

  test('a corrupt one sends what does not decode, what is signed badly, and what contradicts', () => {
    const told = tellAll(
      'corrupt',
      Array.from({ length: 20 }, (_, height) => ({ kind: 'vote' as const, vote: vote('commit', height + 1) })),
    ).flat();
    const decoded = told.map(({ message }) =>
      message.kind === 'bytes' ? decodePeerMessage(message.bytes) : { ok: true as const, value: message },
    );
    expect(decoded.some(({ ok }) => !ok)).toBe(true);
    const votes = decoded.flatMap((each) => (each.ok && each.value.kind === 'vote' ? [each.value.vote] : []));
    expect(votes.some((each) => !isSigned(each))).toBe(true);
    expect(votes.some((each) => isSigned(each) && each.vote.hash !== bodyHash(body))).toBe(true);
  });

  test('a corrupt one sends no empty message: the network of its own node takes that for a bug, and stops it', () => {
    const votes = Array.from({ length: 2000 }, (_, height) => ({
      kind: 'vote' as const,
      vote: vote('commit', height + 1),
    }));
    const lengths = tellAll('corrupt', votes)
      .flat()
      .map(({ message }) => (message.kind === 'bytes' ? message.bytes.length : Infinity));
    expect(Math.min(...lengths)).toBe(1);
  });

  test.for([0, 1])(
    'two that never met vote for the same two bodies: the first as primary, the other as validator %i',
    (at) => {
      const primary = present(strategies.get('equivocate'), 'liar').factory(
        contextOf(genesis, 2 as ValidatorIndex, signer),
      );
      const other = make('equivocate', at as ValidatorIndex);
      const prePrepare = {
        kind: 'pre-prepare',
        vote: { ...vote('pre-prepare', 1), voter: 2 as ValidatorIndex },
        body,
      } as const;
      const proposed = [0, 1, 3].map((to) =>
        present(primary.outgoing({ to: to as ValidatorIndex, message: prePrepare })[0], 'it'),
      );
      const heard = present(
        proposed.find(({ to }) => to === at),
        'told',
      ).message;
      if (heard.kind !== 'pre-prepare') throw new Error(heard.kind);
      other.incoming?.(2 as ValidatorIndex, heard);
      const cast = { ...vote('commit', 1), voter: at as ValidatorIndex };
      const own = { ...cast, vote: { ...cast.vote, hash: heard.vote.vote.hash } };
      for (const { to, message } of proposed) {
        if (to === at) continue;
        const said = other.outgoing({ to, message: { kind: 'vote', vote: own } })[0]?.message;
        expect(said?.kind === 'vote' && said.vote.vote.hash).toBe(
          message.kind === 'pre-prepare' && message.vote.vote.hash,
        );
      }
    },
  );
});

/** What a liar sends in the place of what the honest replica sends, and when. */
interface Told {
  readonly atMs: number;
  readonly kinds: readonly string[];
}

const bytesOf = ({ message }: Outgoing): Uint8Array =>
  message.kind === 'bytes' ? message.bytes : encodePeerMessage(message);

const isLie = (outgoing: Outgoing, said: readonly Outgoing[]): boolean =>
  said.length !== 1 ||
  present(said[0], 'what is said').to !== outgoing.to ||
  (said[0] !== outgoing && Buffer.compare(bytesOf(present(said[0], 'what is said')), bytesOf(outgoing)) !== 0);

/** A minute of four nodes under load, or less if that is enough, where nothing goes wrong but the liar. */
function lies(
  name: string,
  validator: number,
  enough: (told: readonly Told[]) => boolean,
  consensus: Partial<ConsensusSettings> = {},
): readonly Told[] {
  const told: Told[] = [];
  const { factory } = present(strategies.get(name), name);
  const watched: StrategyFactory = (context) => {
    const strategy = factory(context);
    return {
      ...strategy,
      outgoing(outgoing) {
        const said = strategy.outgoing(outgoing);
        if (isLie(outgoing, said))
          told.push({ atMs: simulation.nowMs, kinds: said.map(({ message }) => message.kind) });
        return said;
      },
      tick() {
        const said = strategy.tick?.() ?? [];
        if (said.length > 0) told.push({ atMs: simulation.nowMs, kinds: said.map(({ message }) => message.kind) });
        return said;
      },
    };
  };
  const powers = [1n, 1n, 1n, 1n];
  const simulation = new Simulation({ seed: 1, powers, consensus, liars: new Map([[validator, watched]]) });
  simulation.startAll();
  simulation.clients.load(100);
  simulation.until(() => enough(told), 60_000);
  return told;
}

const IN_VIEW_CHANGES = [
  'forge-prepared',
  'stale-prepared',
  'hide-prepared',
  'bad-new-view',
  'short-new-view',
  'two-new-views',
];

describe('no liar is idle where nobody else fails:', () => {
  test.for([...strategies.keys()])('%s lies', (name) => {
    // Most lie as the first primary; who would be primary does so only while it is not.
    const validator = name === 'usurp' ? 3 : 0;
    // Some wait for the end of an epoch, or for many timeouts.
    const told = lies(name, validator, ({ length }) => length > 0, { epochLength: 100, baseTimeoutTicks: 20 });
    expect(told).not.toEqual([]);
  });

  test.for(IN_VIEW_CHANGES)('%s gets itself a view to lie in, and goes on lying', (name) => {
    // The primary of the next view: whoever comes for it comes there.
    const told = lies(name, 1, () => false);
    expect(told.some(({ kinds }) => kinds.includes('new-view'))).toBe(true);
    const times = [0, ...told.map(({ atMs }) => atMs), 60_000];
    expect(Math.max(...times.map((atMs, index) => atMs - (times[index - 1] ?? 0)))).toBeLessThan(20_000);
  });
});
