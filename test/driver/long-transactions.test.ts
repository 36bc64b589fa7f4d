/** Transactions as long as they may be, on their way to other validators: what is sent of them at a time is bounded in bytes. */
import { describe, expect, test } from 'vitest';
import type { Height, ValidatorIndex } from '../../src/base/brand.ts';
import { RELAYED_BYTES_MAX, RESENT_BYTES_MAX } from '../../src/driver/limits.ts';
import type { Outbox } from '../../src/driver/peers/outbox.ts';
import type { Roster } from '../../src/driver/peers/roster.ts';
import { Forwarding } from '../../src/driver/transactions/forwarding.ts';
import { Mempool } from '../../src/driver/transactions/mempool.ts';
import { ToldTransactions } from '../../src/driver/transactions/told-transactions.ts';
import type { PeerMessage } from '../../src/driver/wire/wire.ts';
import { TRANSACTION_BYTES_MAX } from '../../src/ledger/limits.ts';
import { hashOf, makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';

const genesis = makeGenesis();
const { baseTimeoutTicks, tickMs } = genesis.consensus;
const HALF = baseTimeoutTicks / 2;
const VALIDATORS = 64;
const PRIMARY = 0 as ValidatorIndex;
const LONGEST = new Uint8Array(TRANSACTION_BYTES_MAX);

const long = (sender: number, nonce: number, size: number) => ({
  ...makeTransaction({
    chainId: hashOf('c'),
    sender: stranger(sender),
    nonce,
    operations: [transfer(stranger(99), 1n)],
  }),
  bytes: LONGEST.subarray(0, size),
});

/** A node among many, and how many bytes it sends at each tick: again to all, and to the primary. */
function make() {
  const mempool = new Mempool(() => ({ nonce: 0, balance: 0n }), genesis.ledger);
  const told = new ToldTransactions(genesis, mempool, new Set());
  let sent = 0;
  const count = (message: PeerMessage): void => {
    if (message.kind === 'transactions') for (const { length } of message.transactions) sent += length;
  };
  const outbox = { broadcast: count, sendTo: (_: string, message: PeerMessage) => count(message) } as Outbox;
  const roster = {
    self: 1 as ValidatorIndex,
    validators: { members: Array.from({ length: VALIDATORS }) },
    peerOf: () => 'primary',
    isConnected: () => true,
  } as unknown as Roster;
  const forwarding = new Forwarding(genesis, mempool, told, roster, outbox);
  const sentIn = (what: () => void): number => {
    sent = 0;
    what();
    return sent;
  };
  return { mempool, forwarding, sentIn };
}

describe('where many validators share the wires', () => {
  const SHARE = RESENT_BYTES_MAX / VALIDATORS;

  test('the longest is sent again all the same, when enough was saved for it', () => {
    const { mempool, forwarding, sentIn } = make();
    for (const nonce of [0, 1]) mempool.add(long(1, nonce, LONGEST.length), 0, null);
    const halves = 60;
    // The primary is told of nothing: what our clients gave us it hears of as all others do.
    const perHalf = Array.from({ length: halves }, (_, half) =>
      sentIn(() =>
        forwarding.tick(HALF * (8 * half + 1), (1 + half) * HALF * tickMs * 2, 1 as Height, 1 as ValidatorIndex),
      ),
    );
    expect(Math.max(...perHalf)).toBe(LONGEST.length);
    const all = perHalf.reduce((sum, bytes) => sum + bytes, 0);
    expect(all).toBeLessThanOrEqual(halves * SHARE);
    expect(all).toBeGreaterThan(halves * SHARE - 2 * LONGEST.length);
  });

  test('a peer that connects is given one of the longest, and no more', () => {
    const { mempool, forwarding, sentIn } = make();
    for (const nonce of [0, 1, 2]) mempool.add(long(1, nonce, LONGEST.length), 0, null);
    expect(sentIn(() => forwarding.toPeer('peer'))).toBe(LONGEST.length);
  });
});

test('a backup tells the primary of as many as few bytes hold, and of one of the longest', () => {
  const told = (size: number): number => {
    const { mempool, forwarding, sentIn } = make();
    for (let sender = 1; sender <= 70; sender++) mempool.add(long(sender, 0, size), 0, 'peer');
    return sentIn(() => forwarding.tick(baseTimeoutTicks / 8, 1_000_000, 1 as Height, PRIMARY));
  };
  expect(told(LONGEST.length)).toBe(LONGEST.length);
  expect(told(10_000)).toBe(16 * 10_000);
  expect(told(10_000)).toBeLessThanOrEqual(RELAYED_BYTES_MAX);
  expect(told(200)).toBe(64 * 200);
});
