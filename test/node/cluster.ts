/** Validators of a development network in this process: loopback, temporary folders, real sockets and disks. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { present } from '../../src/base/invariant.ts';
import type { Result } from '../../src/base/result.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { signedTransactionCodec, transactionSigningBytes } from '../../src/ledger/transaction.ts';
import { height } from '../../src/base/brand.ts';
import type { NodeConfig } from '../../src/node/config.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { type RunningNode, startNode } from '../../src/node/node.ts';

export class Cluster {
  readonly development = developmentNetwork(4);
  readonly folder: string;
  readonly genesis = present(unwrap(parseGenesis(this.development.genesisText)), 'genesis');
  readonly #running = new Map<number, RunningNode>();

  constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Cluster> {
    const cluster = new Cluster(await mkdtemp(join(tmpdir(), 'trefoil-node-')));
    await writeFile(join(cluster.folder, 'genesis.json'), cluster.development.genesisText);
    return cluster;
  }

  get nodes(): readonly RunningNode[] {
    return [...this.#running.values()];
  }

  /** Port 0, so each node is told of those that run already. */
  config(index: number): NodeConfig {
    return {
      genesis: join(this.folder, 'genesis.json'),
      data_dir: join(this.folder, `data-${index}`),
      keys: { development: index },
      p2p: {
        host: '127.0.0.1',
        port: 0,
        bootstrap: this.nodes.flatMap(({ addresses }) => addresses),
        admit: [],
        mdns: false,
      },
      http: { host: '127.0.0.1', port: 0, allowed_hosts: [] },
      log: { level: 'silent' },
      verifier: { workers: 1 },
    };
  }

  async start(index: number, changes: Partial<NodeConfig> = {}): Promise<RunningNode> {
    const node = unwrap(await start({ ...this.config(index), ...changes }));
    this.#running.set(index, node);
    return node;
  }

  async stop(index: number): Promise<void> {
    const node = present(this.#running.get(index), `node ${index}`);
    this.#running.delete(index);
    await node.stop();
  }

  async destroy(): Promise<void> {
    for (const index of [...this.#running.keys()]) await this.stop(index);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Signed bytes of a transfer between development accounts. */
  transfer(from: string, to: string, nonce: number, amount: bigint): Uint8Array {
    const { secret, address: sender } = this.#account(from);
    const transaction = {
      chainId: this.genesis.chainId,
      sender,
      nonce,
      expiresAt: height(0),
      maxFee: 0n,
      operations: [{ kind: 'transfer' as const, to: this.#account(to).address, amount }],
      memo: new Uint8Array(),
    };
    const signature = nobleEd25519.sign(secret, transactionSigningBytes(transaction));
    return signedTransactionCodec.encode({ transaction, signature });
  }

  async balance(node: RunningNode, name: string): Promise<bigint> {
    return (await node.account(this.#account(name).address)).balance;
  }

  #account(name: string) {
    return present(
      this.development.accounts.find((account) => account.name === name),
      name,
    );
  }
}

export const start = (config: NodeConfig): Promise<Result<RunningNode>> =>
  startNode({
    config,
    logger: pino({ level: 'silent' }),
    passphraseOf: () => Promise.reject(new Error('no passphrase')),
  });

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** Looks again with every final block of the node, and now and then between them, until the condition holds. */
export async function until(node: RunningNode, condition: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (condition()) resolve();
  };
  const unsubscribe = node.subscribe(look);
  const timer = setInterval(look, 20);
  look();
  await promise;
  clearInterval(timer);
  unsubscribe();
}
