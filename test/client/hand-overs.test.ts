/** From the validators of one epoch to those of the next, as a client checks it that trusts the genesis alone. */
import { describe, expect, test } from 'vitest';
import type { HandOverJson } from '../../src/api/membership.ts';
import type { Epoch, Height, Power, ValidatorIndex } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { toHex } from '../../src/codec/hex.ts';
import { verifyHandOver } from '../../src/client/hand-overs.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { blockHash, type Header } from '../../src/ledger/block.ts';
import { type EpochSet, firstEpoch } from '../../src/ledger/epoch.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { genesisBlock } from '../../src/ledger/state/ledger-state.ts';
import { validatorSet, validatorsHash } from '../../src/ledger/validators.ts';
import { voteSigningBytes } from '../../src/ledger/vote.ts';
import { developmentNetwork } from '../../src/node/development.ts';

const { genesisText, validators } = developmentNetwork(4);
const everybody = developmentNetwork(8).validators;
const parsed = parseGenesis(genesisText);
if (!parsed.ok) throw new Error(parsed.error.message);
const genesis = parsed.value;
const first = firstEpoch(genesis);
const secretOf = (index: number) => present(everybody[index], 'validator').validatorSecret;

/** Validator 2 is gone, and one with the index 5 has come. */
const seatsOf = (...indices: number[]) =>
  indices.map((index) => ({
    index: index as ValidatorIndex,
    publicKey: present(everybody[index], 'validator').publicKey,
    power: 1n as Power,
  }));
const SEATS = seatsOf(0, 1, 3, 5);
const hashOf = (seats: typeof SEATS) =>
  validatorsHash(validatorSet(seats.map((seat) => ({ ...seat, name: '', peerId: '' }))));

const jsonOf = (seats: typeof SEATS) =>
  seats.map(({ index, publicKey, power }) => ({ index, publicKey: toHex(publicKey), power: String(power) }));

function handOver(changes: Partial<Header> = {}, signers: readonly number[] = [0, 1, 3], seats = SEATS): HandOverJson {
  const header: Header = {
    ...genesisBlock(genesis).header,
    height: 1000 as Height,
    epoch: 0 as Epoch,
    nextValidatorsHash: hashOf(seats),
    proposer: 1 as ValidatorIndex,
    ...changes,
  };
  const { epoch, height } = header;
  const hash = blockHash(header);
  const vote = { kind: 'checkpoint' as const, epoch, view: 0 as never, height, hash };
  const bytes = voteSigningBytes(genesis.chainId, vote);
  const signatures = signers.map((signer) => toHex(nobleEd25519.sign(secretOf(signer), bytes)));
  return {
    epoch: epoch + 1,
    header,
    certificate: { epoch, height, blockHash: hash, signers: [...signers], signatures },
    validators: jsonOf(seats),
  };
}

const followed = (json: HandOverJson, before: EpochSet = first) => {
  const next = verifyHandOver(genesis, before, json);
  return next.ok ? next.value : next.error.code;
};

test('the development network has the validators that sign here', () => {
  expect(validators.map(({ publicKey }) => toHex(publicKey))).toEqual(
    everybody.slice(0, 4).map(({ publicKey }) => toHex(publicKey)),
  );
});

describe('a hand-over', () => {
  test('shows keys and powers of the next set, whose indices may have gaps, and where its epoch begins', () => {
    const next = followed(handOver());
    expect(next).toMatchObject({ epoch: 1, firstHeight: 1001, validators: { total: 4n } });
    expect(typeof next === 'string' ? [] : next.validators.members.map(({ index }) => index)).toEqual([0, 1, 3, 5]);
  });

  test('leads on from a set that was handed over', () => {
    const second = followed(handOver());
    if (typeof second === 'string') throw new Error(second);
    const changes = { epoch: 1 as Epoch, height: 1004 as Height };
    expect(followed(handOver(changes, [0, 3, 5], seatsOf(0, 3, 5, 6)), second)).toMatchObject({ epoch: 2 });
    // Signed by a quorum of the first set, and none of the second.
    expect(followed(handOver(changes, [0, 1, 2], seatsOf(0, 3, 5, 6)), second)).toBe('NOT_FINAL');
  });

  test.each([
    ['that too few signed', handOver({}, [0, 1]), 'NOT_FINAL'],
    ['that a stranger signed', handOver({}, [0, 1, 5]), 'NOT_FINAL'],
    ['whose header commits to others', { ...handOver(), validators: jsonOf(seatsOf(0, 1, 3, 6)) }, 'BROKEN_HAND_OVER'],
    ['whose seats are not in order', { ...handOver(), validators: jsonOf(seatsOf(1, 0, 3, 5)) }, 'BROKEN_HAND_OVER'],
    ['without any seat', { ...handOver(), validators: [] }, 'BROKEN_HAND_OVER'],
    ['with another header', { ...handOver(), header: handOver({ timestampMs: 7 }).header }, 'BROKEN_HAND_OVER'],
    ['of another epoch', handOver({ epoch: 1 as Epoch }), 'NOT_FINAL'],
    ['of a height after the epoch', handOver({ height: 1001 as Height }), 'NOT_FINAL'],
  ])('%s is refused', (_, json, code) => {
    expect(followed(json)).toBe(code);
  });
});
