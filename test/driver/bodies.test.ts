import { describe, expect, test } from 'vitest';
import { epoch, type Hash, type Height, hash, type View } from '../../src/base/brand.ts';
import { unreachable } from '../../src/base/invariant.ts';
import { Bodies } from '../../src/driver/bodies/bodies.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import type { StoreOperation } from '../../src/driver/ports.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { type Body, bodyHash, NULL_BODY } from '../../src/ledger/block.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';

const parsed = parseGenesis(developmentNetwork(4).genesisText);
if (!parsed.ok) throw new Error(parsed.error.message);
const genesis = parsed.value;

/** Bodies of a node that executed so many heights, all of them final, and what it writes. */
function bodiesAt(executed: number) {
  const batch = new Batch();
  const at = { executed: executed as Height };
  const bodies = new Bodies({
    genesis,
    epochs: epochsOf(genesis),
    clock: { nowMs: () => 0, soon: (run) => run() },
    batch,
    authority: () => unreachable('no certificate here' as never),
    headMs: () => 0,
    roster: { peers: () => [], peerOf: String },
    outbox: { sendTo: () => undefined },
    find: () => undefined,
    executedHeight: () => at.executed,
    executedBody: () => undefined,
  });
  return { bodies, at, written: (): readonly StoreOperation[] => batch.take().operations };
}

const bodyAt = (timestampMs: number): Body => ({ ...NULL_BODY, proposer: 0 as Body['proposer'], timestampMs });

function askAndAnswer(bodies: Bodies, height: number, body: Body): boolean | undefined {
  const question = { view: 0 as View, height: height as Height, bodyHash: bodyHash(body), repeat: true };
  bodies.verdicts.ask(question);
  bodies.offered(question.height, question.bodyHash, body, 'peer');
  return bodies.verdicts.take()?.valid;
}

const touched = (operations: readonly StoreOperation[], height: number, hash: Hash) =>
  operations.filter(({ key }) => key === KEYS.body(height as Height, hash)).map(({ kind }) => kind);

describe('the bodies of a driver', () => {
  test('are durable before they are called valid, and gone when another one was executed', () => {
    const { bodies, at, written } = bodiesAt(6);
    const [lost, won] = [bodyAt(1), bodyAt(2)];
    expect(askAndAnswer(bodies, 7, lost)).toBe(true);
    expect(askAndAnswer(bodies, 7, won)).toBe(true);
    const before = written();
    expect([touched(before, 7, bodyHash(lost)), touched(before, 7, bodyHash(won))]).toEqual([['put'], ['put']]);
    at.executed = 7 as Height;
    bodies.drop(at.executed, bodyHash(won));
    const after = written();
    expect([touched(after, 7, bodyHash(lost)), touched(after, 7, bodyHash(won))]).toEqual([['delete'], []]);
  });

  test.each([
    ['another epoch than its height', 5, 3],
    ['an epoch that is still to come', 1, genesis.consensus.epochLength + 1],
  ])('are refused with evidence from %s, whoever signed it', (_, of, height) => {
    const { bodies } = bodiesAt(6);
    const signed = (digit: string) => ({
      vote: {
        kind: 'commit' as const,
        epoch: epoch(of),
        view: 0 as View,
        height: height as Height,
        hash: hash(digit.repeat(64)),
      },
      voter: 1 as Body['proposer'],
      signature: new Uint8Array(64),
    });
    const evidence = [{ kind: 'equivocation' as const, first: signed('1'), second: signed('2') }];
    expect(askAndAnswer(bodies, 7, { ...bodyAt(1), evidence })).toBe(false);
  });

  test('stay in the chain when they are asked for once more after their block became final', () => {
    const { bodies, at, written } = bodiesAt(7);
    const executed = bodyAt(1);
    expect(askAndAnswer(bodies, 7, executed)).toBe(true);
    at.executed = 8 as Height;
    bodies.drop(at.executed, bodyHash(bodyAt(2)));
    expect(touched(written(), 7, bodyHash(executed))).toEqual([]);
  });
});
