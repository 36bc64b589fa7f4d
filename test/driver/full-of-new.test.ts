/** What a backup holds against a primary whose block made as many accounts and entries as it may (V13). */
import { expect, test } from 'vitest';
import { Censorship } from '../../src/driver/agreement/censorship.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';
import type { ExecutedBlock } from '../../src/ledger/execute.ts';
import { newInBlockMax } from '../../src/ledger/growth.ts';
import { OPERATIONS_MAX } from '../../src/ledger/limits.ts';
import { makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';

const genesis = makeGenesis(1);
const FULL = newInBlockMax(genesis.ledger);
const item = (sender: number, nonce = 0) =>
  makeTransaction({
    chainId: genesis.chainId,
    sender: stranger(sender),
    nonce,
    operations: Array.from({ length: OPERATIONS_MAX }, () => transfer(stranger(99), 1n)),
  });
/** As many as a body has room for, each of sixteen operations: two of each sender. */
const BODY = Array.from({ length: Math.floor(genesis.ledger.blockWeightMax / 17) }, (_, i) =>
  item(1 + (i >> 1), i % 2),
);
const EXECUTED = 40;

type Code = ExecutedBlock['skipped'][number]['code'];

/** Whether one that weighs seventeen had room in a body of which only the first were executed, and the others skipped. */
function hadRoom(made: number, codeOf: (nonce: number) => Code, favoured: readonly number[] = []): boolean {
  const censorship = new Censorship({
    genesis,
    chain: { state: { epochs: epochsOf(genesis) } },
    clock: { nowMs: () => 0, soon: () => {} },
    told: {
      overlooked: (_now: number, _since: number, fits: (entry: unknown) => boolean) =>
        fits({ item: item(7), weight: 17 }),
    },
    attention: { orderingSinceMs: 0 },
    accusations: { overlooked: () => false },
  } as never);
  const block = {
    header: { height: 1 },
    made,
    offences: [],
    record: { executed: [], receipts: BODY.slice(0, EXECUTED).map(({ id }) => ({ transactionId: id })) },
    skipped: BODY.slice(EXECUTED).map(({ id, signed }) => ({ id, code: codeOf(signed.transaction.nonce) })),
  };
  const set = new Set(favoured.flatMap((index) => BODY[index] ?? []));
  return censorship.leftOut(block as never, { transactions: BODY } as never, set) !== null;
}

const crowded = (nonce: number): Code => (nonce === 0 ? 'BLOCK_FULL' : 'NONCE_TOO_HIGH');

test.each<[string, boolean, number, (nonce: number) => Code, readonly number[]]>([
  ['had no room for what it makes, nor for what follows on that', false, FULL, crowded, []],
  ['had no room for what it makes, and next to none was left', false, FULL - OPERATIONS_MAX + 1, crowded, []],
  ['made less than it may', true, FULL - OPERATIONS_MAX, crowded, []],
  ['skipped them for another reason', true, FULL, () => 'NONCE_TOO_HIGH', []],
  ['favoured some of them', true, FULL, crowded, [EXECUTED]],
])('a body is not full of what was skipped, unless the block %s: %j', (_, room, made, codeOf, favoured) => {
  expect(hadRoom(made, codeOf, favoured)).toBe(room);
});
