import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Height, hash } from '../../src/base/brand.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { Cluster, start, until } from './cluster.ts';

const NEVER = new AbortController().signal;
const UNKNOWN = hash('ab'.repeat(32));

let cluster: Cluster;
beforeEach(async () => {
  cluster = await Cluster.create();
});
afterEach(() => cluster.destroy());

describe('four nodes', { timeout: 60_000 }, () => {
  it('commit a transfer, tell of it, and read it back after a restart of all', async () => {
    const nodes = [
      await cluster.start(0),
      await cluster.start(1),
      await cluster.start(2),
      await cluster.start(3),
    ] as const;
    const bytes = cluster.transfer('alice', 'bob', 0, 5n);
    const id = transactionId(bytes);
    const heard = nodes[3].reader.waitFor(id, 30_000, NEVER);
    expect(await nodes[0].submit(bytes)).toEqual({ id, status: 'pending' });
    const state = await nodes[0].reader.waitFor(id, 30_000, NEVER);
    expect(state).toMatchObject({ status: 'committed', index: 0, receipt: { transactionId: id, code: 'OK' } });
    expect(await heard).toEqual(state);
    expect(await nodes[1].reader.waitFor(id, 30_000, NEVER)).toEqual(state);
    expect(await nodes[0].submit(bytes)).toEqual({ id, status: 'committed' });
    expect(await cluster.balance(nodes[0], 'bob')).toBe(1_000_000_005n);
    expect(nodes.map((node) => node.readiness())).toEqual([[], [], [], []]);
    const before = nodes[0].status().finalHeight;

    for (const index of [0, 1, 2, 3]) await cluster.stop(index);
    const again = await cluster.start(0);
    expect(again.status().executedHeight).toBeGreaterThanOrEqual(before);
    expect(await again.reader.transaction(id)).toEqual(state);
    expect(await again.reader.transaction(UNKNOWN)).toEqual({ status: 'unknown' });
    const committedAt = state.status === 'committed' ? state.height : (0 as Height);
    const block = await again.reader.block(committedAt);
    expect(block?.body.transactions).toEqual([bytes]);
    expect(block?.record.header.height).toBe(committedAt);
    expect(await again.reader.block((committedAt + 1_000) as Height)).toBeUndefined();
    expect(await cluster.balance(again, 'bob')).toBe(1_000_000_005n);
  });

  it('go on while three are there, say why when two are, and a node that was away catches up', async () => {
    const first = await cluster.start(0);
    await cluster.start(1);
    await until(first, () => first.status().peers.size === 1);
    const detail = 'connected to power 2 of 4, at least 3 is needed; missing: validator-2, validator-3';
    expect(first.readiness()).toEqual([{ code: 'QUORUM_MISSING', detail }]);
    await cluster.start(2);
    for (let nonce = 0; nonce < 3; nonce++) {
      const bytes = cluster.transfer('carol', 'dave', nonce, 1n);
      await first.submit(bytes);
      expect(await first.reader.waitFor(transactionId(bytes), 30_000, NEVER)).toMatchObject({ status: 'committed' });
    }
    await until(first, () => first.readiness().length === 0);
    const late = await cluster.start(3);
    await until(late, () => late.status().finalHeight >= first.status().finalHeight && late.readiness().length === 0);
    expect(await cluster.balance(late, 'dave')).toBe(1_000_000_003n);
    const height = first.status().finalHeight;
    await until(late, () => late.status().finalHeight >= height);
    expect((await late.reader.block(height))?.hash).toBe((await first.reader.block(height))?.hash);
  });

  it('remember why a transaction was refused, and refuse what is no transaction', async () => {
    const node = await cluster.start(0);
    expect(await node.submit(new Uint8Array(7))).toMatchObject({ code: 'MALFORMED' });
    const forged = cluster.transfer('alice', 'bob', 0, 5n);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const outcome = await node.submit(forged);
    expect('code' in outcome).toBe(true);
    expect(await node.reader.waitFor(UNKNOWN, 10, NEVER)).toEqual({ status: 'unknown' });
    const pending = cluster.transfer('alice', 'bob', 0, 5n);
    expect(await node.submit(pending)).toMatchObject({ status: 'pending' });
    expect(await node.reader.waitFor(transactionId(pending), 10, NEVER)).toEqual({ status: 'pending' });
    expect(await node.reader.waitFor(transactionId(pending), 60_000, AbortSignal.abort())).toEqual({
      status: 'pending',
    });
  });
});

describe('a node that cannot go on', { timeout: 30_000 }, () => {
  it('halts when a verification worker dies: says why, takes nothing in, and can be stopped', async () => {
    const created = once(process, 'worker') as Promise<[Worker]>;
    const node = await cluster.start(0);
    const [worker] = await created;
    await worker.terminate();
    expect((await node.halted).message).toContain('a verification worker ended');
    expect(node.readiness()).toMatchObject([{ code: 'HALTED' }]);
    expect(await node.submit(cluster.transfer('alice', 'bob', 0, 5n))).toMatchObject({ code: 'NODE_HALTED' });
    await cluster.stop(0);
    await cluster.start(0);
  });
});

describe('a node that cannot start', { timeout: 30_000 }, () => {
  const failure = async (changes: object): Promise<string> => {
    const started = await start({ ...cluster.config(0), ...changes });
    return started.ok ? 'started' : `${started.error.code} ${started.error.message}`;
  };

  it('says so when its folder is in use, and leaves the running node alone', async () => {
    const running = await cluster.start(0);
    expect(await failure({})).toContain('STORE_LOCKED');
    expect(running.status().halted).toBe(false);
  });

  it('refuses a folder that lost what it had synced, and leaves it as it is', async () => {
    const { data_dir: folder } = cluster.config(0);
    await cluster.start(0);
    await cluster.stop(0);
    const log = join(folder, (await readdir(folder)).find((name) => name.endsWith('.log')) ?? '');
    const bytes = await readFile(log);
    bytes[bytes.length >>> 1] = (bytes[bytes.length >>> 1] ?? 0) ^ 1;
    await writeFile(log, bytes);
    expect(await failure({})).toContain('STORE_CORRUPT');
    expect(await failure({})).toContain('STORE_CORRUPT');
    expect(await readFile(log)).toEqual(bytes);
  });

  it('refuses the folder of another chain', async () => {
    await cluster.start(0);
    await cluster.stop(0);
    const genesis = join(cluster.folder, 'other.json');
    await writeFile(genesis, cluster.development.genesisText.replace('trefoil-development', 'another-network'));
    expect(await failure({ genesis })).toContain('WRONG_CHAIN');
    await cluster.start(0);
  });

  it('names the genesis file that is missing or wrong', async () => {
    const genesis = join(cluster.folder, 'wrong.json');
    expect(await failure({ genesis })).toContain(`GENESIS_UNREADABLE ${genesis}`);
    await writeFile(genesis, '{}');
    expect(await failure({ genesis })).toContain(`GENESIS_INVALID ${genesis}`);
  });

  it('lies only on a development network, and only in ways that there are', async () => {
    const genesis = join(cluster.folder, 'live.json');
    await writeFile(genesis, cluster.development.genesisText.replace('"dev": true', '"dev": false'));
    expect(await failure({ genesis, byzantine: 'silent' })).toContain('DEVELOPMENT_KEY');
    expect(await failure({ byzantine: 'flatter' })).toContain('UNKNOWN_STRATEGY byzantine: flatter is none of silent');
  });

  it('says which address is taken, and gives its folder free again', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const p2p = { ...cluster.config(0).p2p, port };
    expect(await failure({ p2p })).toContain(`LISTEN_FAILED p2p: cannot listen on 127.0.0.1, port ${port}`);
    await new Promise((resolve) => taken.close(resolve));
    await cluster.start(0);
  });
});
