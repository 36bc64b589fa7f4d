/** What holds of validators and their stakes whatever they do, in random chains; and that the ledger does what its model says. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { height, validatorIndex } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { STAKES } from '../../../src/ledger/account.ts';
import { receiptCodec } from '../../../src/ledger/block.ts';
import type { KnownEpoch } from '../../../src/ledger/epoch.ts';
import { type ExecutedBlock, execute } from '../../../src/ledger/execute.ts';
import { TOTAL_POWER_MAX } from '../../../src/ledger/limits.ts';
import { knownEpochOf, EPOCHS } from '../../../src/ledger/membership/epoch-record.ts';
import { VALIDATORS } from '../../../src/ledger/membership/validator-record.ts';
import { isRecordable } from '../../../src/ledger/offence.ts';
import { OPERATIONS } from '../../../src/ledger/operations/table.ts';
import { advance } from '../../../src/ledger/state/ledger-state.ts';
import { ENTRY_KINDS } from '../../../src/ledger/state/kinds.ts';
import { keysTouched } from '../../../src/ledger/touched.ts';
import { validatorsHash } from '../../../src/ledger/validators.ts';
import { Model } from '../../../src/simulator/checkers/ledger-model.ts';
import { membersIn } from '../../../src/simulator/checkers/members-model.ts';
import { bodyOf } from '../network.ts';
import { only } from '../told.ts';
import { type History, histories } from './chains.ts';
import { Chain, ownerOf, proofAgainst } from './kit.ts';

interface Step {
  readonly chain: Chain;
  readonly running: KnownEpoch;
  readonly block: ExecutedBlock;
}

/** Runs the chain beside its model; `look` sees it after each block. */
function run({ founding, blocks }: History, look: (step: Step) => void): Chain {
  const chain = new Chain(founding);
  const model = new Model(chain.genesis, membersIn(chain.state));
  for (const { sent, lies, seen } of blocks) {
    const running = chain.epoch;
    const transactions = chain.transactions(sent.map(([of, operation]) => [ownerOf(of), operation]));
    const accused = lies
      .map(([validator, ago]) => [validator, running.epoch - ago] as const)
      .filter(([validator, of]) => of >= 0 && isRecordable(of as never, running) && wasMember(chain, validator, of));
    const body = bodyOf(transactions, {
      proposer: present(running.validators.members[chain.height % running.validators.members.length], 'proposer').index,
      certificate: seen && chain.certificate(running.epoch, seen),
      evidence: accused.map(([validator, of]) => proofAgainst(validator, of)),
    });
    model.members = membersIn(chain.state);
    const touched = keysTouched(chain.state.epochs, height(chain.height + 1), body, transactions);
    const block = execute({ ...chain.state, source: only(chain.state.source, touched) }, body, transactions);
    advance(chain.state, block);
    const said = block.record.receipts.map(({ code, feePaid }, at) => ({
      position: block.record.executed[at],
      code,
      feePaid,
    }));
    expect(said).toEqual(model.append(transactions));
    if (accused.length === 0 && block.nextEpoch === undefined)
      expect(isDeepStrictEqual(membersIn(chain.state), model.members)).toBe(true);
    look({ chain, running, block });
  }
  return chain;
}

const wasMember = (chain: Chain, validator: number, of: number): boolean =>
  chain.state.epochs.of(of as never)?.validators.byIndex[validator] !== undefined;

const assertAll = (look: (step: Step) => void, numRuns = 150): void =>
  fc.assert(
    fc.property(histories, (history) => void run(history, look)),
    { numRuns },
  );

describe('in chains of validators that do all that they may, and more', () => {
  test('the supply stays, and what lies with the stakes is what validators have', () => {
    assertAll(({ chain }) => {
      expect(chain.supply()).toBe(chain.genesis.supply);
      expect(chain.balance(STAKES)).toBe(chain.stakes());
    });
  });

  test('a set has four members or as many as it had, each with power, and of each holder no more than its share', () => {
    assertAll(({ chain, running, block }) => {
      const next = block.nextEpoch;
      if (next === undefined) return;
      const { members, total } = next.validators;
      expect(members.length).toBeGreaterThanOrEqual(Math.min(4, running.validators.members.length));
      expect(total).toBeLessThanOrEqual(TOTAL_POWER_MAX);
      expect(next.kept.every((index) => next.validators.byIndex[index] !== undefined)).toBe(true);
      if (next.kept.length > 0 || chain.genesis.consensus.mode === 'equal') return;
      const held = new Map<string, bigint>();
      for (const { index, power } of members)
        held.set(chain.record(index).account, (held.get(chain.record(index).account) ?? 0n) + power);
      const share = BigInt(next.parameters.membership.holderShareMax);
      if (share * BigInt(held.size) < 10_000n) return;
      for (const power of held.values()) expect(power * 10_000n <= share * total).toBe(true);
    });
  });

  test('who has a seat is active, or kept; and who is active has one', () => {
    assertAll(({ chain, block }) => {
      const next = block.nextEpoch;
      if (next === undefined) return;
      for (let index = 0; index < 10; index++) {
        const record = chain.state.source.get(VALIDATORS.key(validatorIndex(index)));
        const isSeated = next.validators.byIndex[index] !== undefined;
        expect(isSeated && !next.kept.includes(validatorIndex(index))).toBe(
          record?.status === 'active' && !next.kept.includes(validatorIndex(index)),
        );
      }
    });
  });

  test('headers commit to the set of the next epoch, and its record says the same', () => {
    assertAll(({ chain, running, block }) => {
      const next = block.nextEpoch ?? running;
      expect(block.header.nextValidatorsHash).toBe(validatorsHash(next.validators));
      expect(block.header.validatorsHash).toBe(validatorsHash(running.validators));
      const stored = present(chain.state.source.get(EPOCHS.key(next.epoch)), 'the record of an epoch');
      expect(knownEpochOf(stored)).toEqual(next);
    }, 60);
  });

  test('receipts and entries are read back as they were written', () => {
    assertAll(({ block }) => {
      for (const receipt of block.record.receipts)
        expect(receiptCodec.decode(receiptCodec.encode(receipt))).toEqual({ ok: true, value: receipt });
      for (const { key, after, bytes } of block.delta.entries) {
        if (bytes === undefined) continue;
        const decoded = present(ENTRY_KINDS.get(key.kind.name), key.kind.name).codec.decode(bytes);
        expect(decoded).toEqual({ ok: true, value: after });
      }
    }, 60);
  });

  test('nearly every code of theirs comes up, and everything happens that can', () => {
    const seen = new Set<string>();
    const statuses = new Set<string>();
    fc.assert(
      fc.property(histories, (history) => {
        run(history, ({ chain, block }) => {
          for (const { code } of block.record.receipts) seen.add(code);
          const { validators, proposals } = membersIn(chain.state);
          for (const { status } of [...validators.values(), ...proposals.values()]) statuses.add(status);
        });
      }),
      { numRuns: 400, seed: 20_261_122 },
    );
    // It would take as many proposals, observers or units as there can be; the tests beside this one have them.
    const rare = ['PROPOSALS_FULL', 'TOO_MANY_PROPOSALS', 'NO_PLACE', 'STAKE_LIMIT', 'SYSTEM_ACCOUNT'];
    const kinds = ['bond', 'unbond', 'withdraw', 'unjail', 'propose', 'vote'] as const;
    const codes = new Set(kinds.flatMap((kind) => Object.keys(OPERATIONS.kindOf({ kind }).codes)));
    expect([...codes].filter((code) => !seen.has(code) && !rare.includes(code))).toEqual([]);
    expect([...statuses].sort()).toEqual(
      [
        ...['active', 'applied', 'candidate', 'exiting', 'expired', 'failed', 'jailed', 'open', 'passed'],
        ...['pending', 'rejected', 'removed', 'tombstoned', 'unbonded'],
      ].sort(),
    );
  });
});
