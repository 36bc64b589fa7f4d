/** Reads of the state from real nodes: real disks, real certificates. */
import { expect, it } from 'vitest';
import { present } from '../../../src/base/invariant.ts';
import type { Height } from '../../../src/base/brand.ts';
import { Client } from '../../../src/client/client.ts';
import { ACCOUNTS } from '../../../src/ledger/account.ts';
import { transactionId } from '../../../src/ledger/transaction.ts';
import { gatewayOf } from '../../../src/node/gateway.ts';
import type { RunningNode } from '../../../src/node/node.ts';
import { createServer } from '../../../src/rpc/server.ts';
import type { StateAnswer } from '../../../src/rpc/readable-state.ts';
import type { Account } from '../../../src/ledger/account.ts';
import { Cluster } from '../cluster.ts';

const NEVER = new AbortController().signal;

it('every block can be read and proved as soon as it is told, and after a restart', { timeout: 60_000 }, async () => {
  const cluster = await Cluster.create();
  try {
    const nodes: RunningNode[] = [];
    for (const index of [0, 1, 2, 3]) nodes.push(await cluster.start(index));
    const [node] = nodes as [RunningNode];
    const { address: bob } = present(cluster.development.accounts[1], 'bob');
    const reads: Promise<StateAnswer<Account>>[] = [];
    const failed: string[] = [];
    node.subscribe(({ record: { header } }) => {
      const read = node.state.read(ACCOUNTS.key(bob), { height: header.height }, false);
      reads.push(
        read.then((answer) => {
          if (!answer.ok) failed.push(`${header.height}: ${answer.error.message}`);
          return (answer as { readonly value: StateAnswer<Account> }).value;
        }),
      );
    });
    const balances = new Map<Height, bigint>();
    for (let nonce = 0; nonce < 5; nonce++) {
      const bytes = cluster.transfer('alice', 'bob', nonce, 5n);
      await node.submit(bytes);
      const committed = await node.reader.waitFor(transactionId(bytes), 30_000, NEVER);
      if (committed.status !== 'committed') throw new Error(committed.status);
      balances.set(committed.height, 1_000_000_000n + 5n * BigInt(nonce + 1));
    }
    const told = await Promise.all(reads);
    expect(failed).toEqual([]);
    const seen = new Map(told.map(({ header, value }) => [header.height, value?.balance]));
    for (const [height, balance] of balances) expect(seen.get(height)).toBe(balance);

    for (const index of [0, 1, 2, 3]) await cluster.stop(index);
    const again = await cluster.start(0);
    expect(again.oldestState()).toBe(0);
    const server = createServer({ gateway: gatewayOf(again), addressPrefix: cluster.genesis.addressPrefix });
    const client = new Client({ urls: [await server.listen(0)], genesis: cluster.genesis });
    const proved = [...balances].map(([height]) => client.account(bob, { height, proof: true }));
    expect((await Promise.all(proved)).map(({ balance }) => balance)).toEqual([...balances.values()]);
    expect((await client.account(bob, { height: 0, proof: true })).balance).toBe(1_000_000_000n);
    const newest = await client.account(bob, { proof: true });
    expect(newest.balance).toBe(1_000_000_025n);
    expect((await client.account(bob)).height).toBeGreaterThanOrEqual(newest.height);
    expect((await client.status()).oldestHeight).toBe(0);
    await server.close();
  } finally {
    await cluster.destroy();
  }
});
