/** How clients of Raft keep what one account signs in its order. */
import { expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { Meter } from '../../src/compare/meter.ts';
import { raft } from '../../src/compare/raft-network.ts';
import { NODES, scenarios } from '../../src/compare/scenario.ts';
import { signedTransfer } from '../../src/compare/workload.ts';
import { transactionId } from '../../src/ledger/transaction.ts';

/** Long enough to elect a leader, and well below the time after which a client asks again by itself. */
const SECOND = 1000;

/** A network that has a leader, server 0, and transfers of one account. Wires take some 100 ms. */
function running() {
  const scenario = present(
    scenarios.find(({ name }) => name === 'regions'),
    'regions',
  );
  const meter = new Meter([0, 1, 2, 3]);
  const network = raft.network(scenario, 1, () => meter);
  const { scheduler, genesis, accounts } = network;
  const run = (ms: number): void => {
    const endMs = scheduler.nowMs + ms;
    while (scheduler.runNext(endMs));
  };
  network.start();
  run(5 * SECOND);
  const owner = present(accounts[0], 'account');
  const to = present(accounts[1], 'account').address;
  const transfers = Array.from({ length: NODES }, (_, nonce) => {
    const bytes = signedTransfer(genesis, owner, nonce, to, 1n);
    const id = transactionId(bytes);
    meter.submitted(id, scheduler.nowMs);
    return {
      offer: (node: number) => network.offer(node, bytes, id),
      isFinal: () => meter.isFinal(id),
    };
  });
  const final = (): readonly boolean[] => transfers.map(({ isFinal }) => isFinal());
  return { network, run, transfers, final };
}

test('what waits for its turn goes when the one before it is executed, and nobody has to offer it again', () => {
  const { run, transfers, final } = running();
  for (const { offer } of transfers) offer(1);
  run(250);
  // Two ways between continents for each: all of them at once would be there by now, and executed in no order.
  expect(final().filter(Boolean).length).toBeLessThan(transfers.length);
  run(SECOND);
  expect(final()).toEqual([true, true, true, true]);
});

test('what was offered to a server that is down keeps its turn: what was signed after it does not overtake', () => {
  const { network, run, transfers, final } = running();
  const [first, second] = transfers;
  network.crashLeader();
  run(10 * SECOND);
  first?.offer(0);
  second?.offer(1);
  run(5 * SECOND);
  expect(final()).toEqual([false, false, false, false]);
  first?.offer(1);
  run(5 * SECOND);
  expect(final()).toEqual([true, true, false, false]);
});

test('nothing comes of what is only offered to a server that is down', () => {
  const { network, run, transfers, final } = running();
  network.crashLeader();
  run(10 * SECOND);
  transfers[0]?.offer(0);
  run(60 * SECOND);
  expect(final()).toEqual([false, false, false, false]);
});
