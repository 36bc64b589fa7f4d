/** More comes in than blocks can hold: everybody waits for long, and nobody is to blame. */
import { expect, test } from 'vitest';
import type { ValidatorIndex } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { Outgoing, StrategyFactory } from '../../src/driver/wire/strategy.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import { storedAccount } from './stored-account.ts';

const SENDERS = 7;
/** Of each sender: blocks take twenty, so that the last waits for several base timeouts. */
const WAITING = 200;
const RUN_MS = 40_000;

const transferOf = ({ clients }: Simulation, account: number, nonce: number): Uint8Array =>
  clients.sign(account, nonce).bytes;

test.each([
  ['its place in the queue', false],
  ['what somebody told it alone', true],
])('a primary under overload is not blamed for %s', (_, whispers) => {
  const whispered: { readonly to: ValidatorIndex; readonly bytes: Uint8Array }[] = [];
  const whisper: StrategyFactory = () => ({
    name: 'whisper',
    outgoing: (outgoing): readonly Outgoing[] => {
      if (outgoing.message.kind !== 'status') return [outgoing];
      const mine = whispered.filter(({ to }) => to === outgoing.to);
      for (const each of mine) whispered.splice(whispered.indexOf(each), 1);
      return [
        outgoing,
        ...mine.map(({ to, bytes }): Outgoing => ({ to, message: { kind: 'transactions', transactions: [bytes] } })),
      ];
    },
  });
  const simulation = new Simulation({
    seed: 1,
    powers: [1n, 1n, 1n, 1n],
    latencyMs: 60,
    liars: new Map([[3, whisper]]),
  });
  const views: string[] = [];
  simulation.viewChanges = (epoch, view) => void views.push(`${epoch}/${view}`);
  simulation.startAll();
  simulation.run(3000);
  const entry = present(simulation.node(1).driver, 'a driver');
  const nonces = Array.from({ length: SENDERS }, () => 0);
  for (let second = 0; second < RUN_MS / 1000; second++) {
    for (const [account, first] of nonces.entries()) {
      const { nonce } = storedAccount(
        simulation.node(1).disk,
        present(simulation.clients.accounts[account], 'an account').address,
      );
      for (let next = first; next - nonce < WAITING; next++)
        entry.submit(transferOf(simulation, account, next), () => {});
      nonces[account] = Math.max(first, nonce + WAITING);
    }
    const { primary } = entry.status();
    if (whispers && primary !== 3) whispered.push({ to: primary, bytes: transferOf(simulation, SENDERS, second) });
    simulation.run(1000);
  }
  expect(simulation.violations).toEqual([]);
  expect(entry.status().mempool.size).toBeGreaterThan(WAITING);
  expect(views).toEqual([]);
});
