/** A node beside those of a testnet: of a validator that is yet to come, of an observer, or of a validator with new keys. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invariant } from '../../src/base/invariant.ts';
import { genesisFile, readNetwork } from '../../src/cli/testnet/layout.ts';
import { freePorts } from '../../src/cli/testnet/ports.ts';
import { Client } from '../../src/client/client.ts';
import { type ConfigFile, writeConfig } from '../../src/node/config.ts';
import { LAUNCHER } from './trefoil.ts';

export interface LoneNodeOptions {
  /** The folder of the testnet. */
  readonly testnet: string;
  /** That of this node. */
  readonly folder: string;
  readonly keys: ConfigFile['keys'];
  /** Of a node that was there before; a new one without. */
  readonly dataDir?: string;
}

export class LoneNode {
  readonly client: Client;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #log: string;

  private constructor(child: ChildProcess, url: string, log: string) {
    this.#child = child;
    this.#log = log;
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    this.client = new Client({ urls: [url], rounds: 1 });
  }

  /** Its process; whether it answers has to be seen. */
  static async start({ testnet, folder, keys, dataDir }: LoneNodeOptions): Promise<LoneNode> {
    mkdirSync(folder, { recursive: true });
    const [p2p, http] = await freePorts([undefined, undefined]);
    invariant(p2p !== undefined && http !== undefined, 'there are ports');
    const config = join(folder, 'config.toml');
    const log = join(folder, 'log');
    const bootstrap = readNetwork(testnet).nodes.map(
      ({ p2pPort, peerId }) => `/ip4/127.0.0.1/tcp/${p2pPort}/p2p/${peerId}`,
    );
    await writeConfig(config, {
      genesis: genesisFile(testnet),
      data_dir: dataDir ?? join(folder, 'data'),
      keys,
      p2p: { host: '127.0.0.1', port: p2p, bootstrap, mdns: true },
      http: { port: http },
      log: { file: log },
    });
    const child = spawn(process.execPath, [LAUNCHER, 'node', 'start', '--config', config], { stdio: 'ignore' });
    return new LoneNode(child, `http://127.0.0.1:${http}`, log);
  }

  /** The end of what it wrote to its log. */
  log(): string {
    try {
      return readFileSync(this.#log, 'utf8').split('\n').slice(-12).join('\n');
    } catch {
      return 'no log';
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }
}
