import { describe, expect, test } from 'vitest';
import type { Epoch, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { conflicts } from '../../src/consensus/evidence.ts';
import type { Outgoing } from '../../src/driver/strategy.ts';
import { decodePeerMessage } from '../../src/driver/wire.ts';
import { bodyHash, NULL_BODY } from '../../src/ledger/block.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { type SignedVote, type VoteKind, voteSigningBytes } from '../../src/ledger/vote.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { strategies } from '../../src/simulator/strategies/registry.ts';
import { standInSignature } from '../consensus/stand-in.ts';

const parsed = parseGenesis(developmentNetwork(4).genesisText);
if (!parsed.ok) throw new Error(parsed.error.message);
const genesis = parsed.value;
const self = 0 as ValidatorIndex;
const { publicKey } = present(genesis.validators.validators[self], 'validator');
const signer = { sign: (message: Uint8Array) => standInSignature(publicKey, message) };
const make = (name: string) => present(strategies.get(name), name).factory({ genesis, self, signer });
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
    expect(hashes.slice(0, 3)).toEqual([hashes[0], hashes[0], hashes[2]]);
    expect(hashes[0]).not.toBe(hashes[2]);
    expect(hashes.slice(3)).toEqual(hashes.slice(0, 3));
    for (const { message } of told.flat())
      if (message.kind === 'pre-prepare') expect(bodyHash(message.body)).toBe(message.vote.vote.hash);
  });

  test.for(['prepare', 'commit'] as const)('an equivocating backup signs two %ss', (kind) => {
    const votes = votesIn(tellAll('equivocate', [{ kind: 'vote', vote: vote(kind, 7) }]));
    expect(votes.every(isSigned)).toBe(true);
    expect(conflicts(present(votes[0], 'first'), present(votes[2], 'third'))).toBe(true);
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
});
