/** Whom an outage may be blamed on: not the primary. */
import { describe, expect, test } from 'vitest';
import { Attention } from '../../src/driver/bodies/attention.ts';
import { makeGenesis } from '../ledger/network.ts';

const genesis = makeGenesis();
const { baseTimeoutTicks, tickMs, idleBlockMs, clockDriftMs } = genesis.consensus;
const BASE_MS = baseTimeoutTicks * tickMs;
const START_MS = 1_000_000_000;
const HEAD_MS = START_MS - 3_600_000;

/** Has seen blocks become final, one in half a base timeout, until this moment. */
function attentive(untilMs: number): Attention {
  const attention = new Attention(genesis, START_MS);
  for (let nowMs = START_MS; nowMs <= untilMs; nowMs += BASE_MS / 2) attention.blockFinal(nowMs);
  return attention;
}

describe('the age of a body that is proposed for the first time', () => {
  const nowMs = START_MS + 10 * BASE_MS;

  test('is judged by the clock of who saw the network at work', () => {
    expect(attentive(nowMs).oldestMs(nowMs, HEAD_MS)).toBe(nowMs - clockDriftMs);
  });

  test.each([
    ['has just started', () => new Attention(genesis, nowMs)],
    [
      'was cut off',
      () => {
        const attention = attentive(nowMs);
        attention.quorumReturned(nowMs);
        return attention;
      },
    ],
    ['saw no block for longer than an idle network takes', () => attentive(nowMs - idleBlockMs - 2 * BASE_MS)],
    [
      'saw the first block after such a time',
      () => {
        const attention = attentive(nowMs - idleBlockMs - 2 * BASE_MS);
        attention.blockFinal(nowMs);
        return attention;
      },
    ],
  ])('is judged by the head of the chain where the node %s', (_, make) => {
    expect(make().oldestMs(nowMs, HEAD_MS)).toBe(HEAD_MS - clockDriftMs);
  });

  test('is never judged by a head that is ahead of the clock', () => {
    expect(new Attention(genesis, nowMs).oldestMs(nowMs, nowMs + 1)).toBe(nowMs - clockDriftMs);
  });

  test('is judged by the clock again after two base timeouts', () => {
    const attention = new Attention(genesis, START_MS);
    expect(attention.oldestMs(START_MS + 2 * BASE_MS, HEAD_MS)).toBe(HEAD_MS - clockDriftMs);
    expect(attention.oldestMs(START_MS + 2 * BASE_MS + 1, HEAD_MS)).toBe(START_MS + 2 * BASE_MS + 1 - clockDriftMs);
  });
});

describe('a primary could order what waits', () => {
  test('since the start, while blocks become final', () => {
    expect(attentive(START_MS + 10 * BASE_MS).orderingSinceMs).toBe(START_MS);
  });

  test('since the first block after a pause of more than a base timeout', () => {
    const attention = attentive(START_MS + BASE_MS);
    attention.blockFinal(START_MS + 2 * BASE_MS + 1);
    expect(attention.orderingSinceMs).toBe(START_MS + 2 * BASE_MS + 1);
  });

  test('since a quorum is back', () => {
    const attention = attentive(START_MS + BASE_MS);
    attention.quorumReturned(START_MS + BASE_MS + 1);
    expect(attention.orderingSinceMs).toBe(START_MS + BASE_MS + 1);
  });
});
