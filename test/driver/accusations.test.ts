/** Proofs that validators lied: which are kept, how long, who hears of them, and who is blamed for what. */
import { describe, expect, test } from 'vitest';
import type { Epoch, ValidatorIndex } from '../../src/base/brand.ts';
import { claimsOf } from '../../src/consensus/messages.ts';
import { Accusations } from '../../src/driver/agreement/accusations.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { RecordedOffences } from '../../src/driver/durability/recorded-offences.ts';
import type { PeerMessage } from '../../src/driver/wire/wire.ts';
import { type Body, NULL_BODY } from '../../src/ledger/block.ts';
import { BODY_EVIDENCE_MAX, EVIDENCE_EPOCHS_MAX } from '../../src/ledger/limits.ts';
import { offenceOf } from '../../src/ledger/offence.ts';
import { type EpochSet, firstEpoch } from '../../src/ledger/epoch.ts';
import type { Equivocation, Evidence } from '../../src/ledger/evidence.ts';
import type { VoteKind } from '../../src/ledger/vote.ts';
import { authorityOf, H, instanceOf, Pens } from '../consensus/kit.ts';
import { makeGenesis } from '../ledger/network.ts';

const genesis = makeGenesis();
const TIMEOUT_MS = genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
const EPOCH_LENGTH = 100;
const PRIMARY = 0 as ValidatorIndex;
const SELF = 1 as ValidatorIndex;
const NOW = 70 as Epoch;

const instance = (epoch: number) =>
  instanceOf({
    epoch,
    powers: Array.from({ length: 32 }, () => 1),
    firstHeight: epoch * EPOCH_LENGTH + 1,
    lastHeight: (epoch + 1) * EPOCH_LENGTH,
  });
const { parameters } = firstEpoch(genesis);
const known = (epoch: number) => ({ ...instance(epoch), parameters });
const authority = ({ epoch }: Pick<EpochSet, 'epoch'>) => authorityOf(instance(epoch));

/** Two votes of the validator at the n-th height of the epoch. */
function proof(voter: number, epoch: number, n = 1, kind: VoteKind = 'commit'): Equivocation {
  const pens = new Pens(instance(epoch));
  const vote = (letter: string) => pens.vote(voter, kind, 0, epoch * EPOCH_LENGTH + n, H(letter));
  return { kind: 'equivocation', first: vote('a'), second: vote('b') };
}

interface Sent {
  readonly to: string;
  readonly evidence: readonly Evidence[];
}

function make(recovered: readonly Evidence[] = []) {
  const batch = new Batch();
  const sent: Sent[] = [];
  const live: Body[] = [];
  const offences = new RecordedOffences();
  const at = { nowMs: 1_000_000, connected: true };
  const send = (to: string, message: PeerMessage): void => {
    if (message.kind === 'evidence') sent.push({ to, evidence: message.evidence });
  };
  const accused: Evidence[] = [];
  const accusations = new Accusations({
    genesis,
    clock: { nowMs: () => at.nowMs, soon: (run) => run() },
    observer: { offence: (evidence: Evidence) => void accused.push(evidence) } as never,
    batch,
    roster: { self: SELF, peerOf: (validator) => `peer-${validator}`, isConnected: () => at.connected },
    outbox: {
      broadcast: (message) => send('all', message),
      sendTo: send,
      ask: (message, turn) => send(`turn ${turn}`, message),
    },
    pool: { live: () => live.values() as never },
    chain: { state: { epochs: { of: known as never, at: () => undefined, add: () => undefined } }, offences },
    recovered: { evidence: recovered },
  });
  const record = (...pieces: readonly Evidence[]): void => {
    offences.add(pieces.map(offenceOf));
    accusations.recorded(pieces.map(offenceOf));
  };
  const written = (): string[] => batch.take().operations.map(({ kind, key }) => `${kind} ${key.split('/')[1]}`);
  const carry = (...evidence: readonly Evidence[]): void => void live.push({ ...NULL_BODY, evidence: [...evidence] });
  return { accusations, sent, at, accused, record, written, carry, live, offences };
}

describe('what is kept', () => {
  test('is one proof for each validator and epoch', () => {
    const { accusations, accused } = make();
    const kept = [proof(3, 5), proof(3, 6), proof(4, 5)];
    for (const each of [...kept, proof(3, 5, 2), proof(3, 6, 1, 'prepare')]) accusations.caught(each);
    expect([...accusations]).toEqual(kept);
    expect(accused).toEqual(kept);
  });

  test('is more than any number of earlier epochs: nobody becomes immune', () => {
    const { accusations, record } = make();
    for (let epoch = 0; epoch < 200; epoch++) {
      accusations.enter(epoch as Epoch);
      accusations.caught(proof(3, epoch));
      expect(accusations.choose()).toEqual([proof(3, epoch)]);
      record(proof(3, epoch));
    }
    expect(accusations.size).toBe(1);
  });

  test('is gone when the chain has it, but for the newest of each validator, which is shown', () => {
    const { accusations, record, written } = make();
    for (const each of [proof(3, 5), proof(3, 6), proof(4, 5)]) accusations.caught(each);
    expect(written()).toEqual(['put 5', 'put 6', 'put 5']);
    record(proof(3, 6));
    record(proof(3, 5), proof(4, 5));
    expect(written()).toEqual(['delete 5']);
    expect([...accusations]).toEqual([proof(3, 6), proof(4, 5)]);
    expect(accusations.choose()).toEqual([]);
  });

  test('is gone when no block takes it any more', () => {
    const { accusations, written } = make();
    accusations.caught(proof(3, 5));
    written();
    accusations.enter((5 + EVIDENCE_EPOCHS_MAX - 1) as Epoch);
    expect(accusations.size).toBe(1);
    accusations.enter((5 + EVIDENCE_EPOCHS_MAX) as Epoch);
    expect(accusations.size).toBe(0);
    expect(written()).toEqual(['delete 5']);
  });

  test('is there after a restart, once', () => {
    const { accusations, written } = make([proof(3, 5), proof(3, 5, 2), proof(4, 5)]);
    expect(accusations.choose()).toEqual([proof(3, 5), proof(4, 5)]);
    expect(written()).toEqual(['delete 5']);
  });
});

describe('equivocation and amnesia of one epoch', () => {
  const pens = new Pens(instance(NOW));
  const { viewChange, signature } = pens.viewChange(3, 1);
  const amnesia: Evidence = {
    kind: 'amnesia',
    commit: pens.vote(3, 'commit', 0, NOW * EPOCH_LENGTH + 1, H('a')),
    viewChange: { claims: claimsOf(viewChange), signature },
  };

  test('count once: equivocation takes the place of amnesia, and not the other way round', () => {
    const { accusations, sent, written } = make();
    accusations.caught(amnesia);
    accusations.caught(proof(3, NOW));
    accusations.caught(amnesia);
    expect(accusations.choose()).toEqual([proof(3, NOW)]);
    expect(written()).toEqual(['put 70', 'delete 70', 'put 70']);
    accusations.flush('70/0', PRIMARY);
    expect(sent.at(-1)?.evidence.at(-1)).toEqual(proof(3, NOW));
  });

  test('do not once the chain has one of them', () => {
    const { accusations, record } = make();
    accusations.caught(amnesia);
    record(amnesia);
    accusations.caught(proof(3, NOW));
    expect(accusations.choose()).toEqual([]);
  });

  test('are both taken from a peer, the graver one after the other', () => {
    const { accusations } = make();
    for (const evidence of [amnesia, proof(3, NOW)]) expect(accusations.told([evidence], NOW, authority).ok).toBe(true);
    expect(accusations.choose()).toEqual([proof(3, NOW)]);
  });
});

describe('what a peer passes on', () => {
  const signedBy = (evidence: Equivocation, voter: number): Evidence => ({
    kind: 'equivocation',
    first: { ...evidence.first, voter: voter as ValidatorIndex },
    second: { ...evidence.second, voter: voter as ValidatorIndex },
  });
  const swapped = ({ kind, first, second }: Equivocation): Evidence => ({ kind, first: second, second: first });

  test.each([
    ['of this epoch', proof(3, NOW), null, 1],
    ['of the oldest that counts', proof(3, NOW - EVIDENCE_EPOCHS_MAX + 1), null, 1],
    ['of one that is too old', proof(3, NOW - EVIDENCE_EPOCHS_MAX), null, 0],
    ['of one that is still to come', proof(3, NOW + 1), null, 0],
    ['of no contradiction', { ...proof(3, NOW), second: proof(3, NOW).first }, 'NOT_AN_OFFENCE', 0],
    ['of nobody', signedBy(proof(3, NOW), 40), 'NOT_A_VALIDATOR', 0],
    ['in the name of another', signedBy(proof(3, NOW), 4), 'BAD_SIGNATURE', 0],
    ['in another order', swapped(proof(3, NOW)), 'OUT_OF_ORDER', 0],
    // A body with it would be invalid: who could plant it would have honest primaries left for it.
    ['of a height of another epoch', proof(3, NOW, EPOCH_LENGTH + 1), 'HEIGHT_OUT_OF_RANGE', 0],
  ])('evidence %s', (_, evidence, code, kept) => {
    const { accusations } = make();
    const told = accusations.told([evidence], NOW, authority);
    expect(told.ok ? null : told.error.code).toBe(code);
    expect(accusations.size).toBe(kept);
  });

  test('is checked once, and not at all where the chain has it', () => {
    const { accusations, record } = make();
    let checks = 0;
    const counting = (epoch: EpochSet) => ({
      ...authority(epoch),
      verify: (...check: Parameters<ReturnType<typeof authority>['verify']>) => {
        checks += 1;
        return authority(epoch).verify(...check);
      },
    });
    for (let i = 0; i < 5; i++) accusations.told([proof(3, NOW)], NOW, counting);
    expect(checks).toBe(2);
    record(proof(3, NOW));
    accusations.told([proof(3, NOW, 2)], NOW, counting);
    expect(checks).toBe(2);
  });

  test('is not broadcast again, but held against the next primaries', () => {
    const { accusations, sent, at } = make();
    accusations.flush('0/0', PRIMARY);
    accusations.told([proof(3, NOW)], NOW, authority);
    accusations.flush('0/0', PRIMARY);
    expect(sent).toEqual([]);
    at.nowMs += TIMEOUT_MS / 2;
    accusations.again(PRIMARY);
    accusations.flush('0/1', 2 as ValidatorIndex);
    expect(sent.map(({ to }) => to)).toEqual(['peer-0', 'turn 0', 'peer-2']);
  });
});

describe('who hears', () => {
  test('everybody, at once, of what was found here, as many messages as it takes', () => {
    const { accusations, sent } = make();
    accusations.flush('0/0', PRIMARY);
    const found = Array.from({ length: BODY_EVIDENCE_MAX + 1 }, (_, voter) => proof(voter, NOW));
    for (const each of found) accusations.caught(each);
    accusations.flush('0/0', PRIMARY);
    accusations.flush('0/0', PRIMARY);
    expect(sent.map(({ to, evidence }) => [to, evidence.length])).toEqual([
      ['all', BODY_EVIDENCE_MAX],
      ['all', 1],
    ]);
  });

  test('each new primary, and one peer after another', () => {
    const { accusations, sent, at } = make([proof(3, NOW)]);
    accusations.flush('0/0', PRIMARY);
    for (let i = 0; i < 2; i++) {
      at.nowMs += TIMEOUT_MS / 2;
      accusations.again(PRIMARY);
      accusations.flush('0/0', PRIMARY);
    }
    expect(sent.map(({ to }) => to)).toEqual(['peer-0', 'peer-0', 'turn 0', 'peer-0', 'turn 1']);
  });

  test('nobody of what a body in flight carries', () => {
    const { accusations, sent, at, carry } = make([proof(3, NOW)]);
    carry(proof(3, NOW, 7));
    at.nowMs += TIMEOUT_MS;
    accusations.flush('0/0', PRIMARY);
    accusations.again(PRIMARY);
    expect(sent).toEqual([]);
  });
});

describe('a body holds', () => {
  test('of each offender the oldest first, one for each before two of one', () => {
    const { accusations } = make();
    for (let epoch = 40; epoch > 10; epoch--) accusations.caught(proof(3, epoch));
    accusations.caught(proof(4, 50));
    expect(
      accusations
        .choose()
        .map(offenceOf)
        .map(({ validator, epoch }) => [validator, epoch]),
    ).toEqual([[3, 11], [4, 50], ...Array.from({ length: BODY_EVIDENCE_MAX - 2 }, (_, i) => [3, 12 + i])]);
  });

  test('what none in flight carries, also while others are in flight', () => {
    const { accusations, carry, live } = make();
    for (const each of [proof(3, 5), proof(4, 5)]) accusations.caught(each);
    carry(proof(3, 5));
    expect(accusations.choose()).toEqual([proof(4, 5)]);
    live.length = 0;
    expect(accusations.choose()).toEqual([proof(3, 5), proof(4, 5)]);
  });
});

describe('a primary is left', () => {
  const LATE = 2 * TIMEOUT_MS + 1;
  const told = () => {
    const world = make([proof(3, NOW)]);
    world.accusations.flush('0/0', PRIMARY);
    return world;
  };

  test.each([
    ['told for less than two base timeouts', LATE - 1, 0, -1, false],
    ['told for longer', LATE, 0, -1, true],
    ['in a body that was full of other proofs', LATE, BODY_EVIDENCE_MAX, -1, false],
    ['in a young view', LATE, 0, 0, false],
  ])('when it leaves out what it was told of: %s', (_, afterMs, recordedNow, viewAgeMs, expected) => {
    const { accusations, at } = told();
    at.nowMs += afterMs;
    expect(accusations.overlooked(recordedNow, viewAgeMs < 0 ? 0 : at.nowMs - viewAgeMs)).toBe(expected);
  });

  test('but not for what a body in flight carries, or the chain has, or another primary was told', () => {
    for (const settle of [
      ({ carry }: ReturnType<typeof make>) => carry(proof(3, NOW)),
      ({ record }: ReturnType<typeof make>) => record(proof(3, NOW)),
      ({ accusations }: ReturnType<typeof make>) => accusations.flush('0/1', 2 as ValidatorIndex),
    ]) {
      const world = told();
      expect(world.accusations.demand).toBe(true);
      world.at.nowMs += LATE;
      settle(world);
      expect(world.accusations.overlooked(0, 0)).toBe(false);
    }
  });

  test('and not when it is not connected: it heard nothing', () => {
    const world = make([proof(3, NOW)]);
    world.at.connected = false;
    world.accusations.flush('0/0', PRIMARY);
    world.at.nowMs += LATE;
    expect(world.accusations.demand).toBe(false);
    expect(world.accusations.overlooked(0, 0)).toBe(false);
  });
});
