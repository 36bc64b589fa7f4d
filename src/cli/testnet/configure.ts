/** The files that a testnet's nodes read when they start. */
import { mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { writeConfig } from '../../node/config.ts';
import { foundingOf } from './founding.ts';
import {
  configFile,
  dataFolder,
  genesisFile,
  type Network,
  nodeFolder,
  type TestnetNode,
  writeWhole,
} from './layout.ts';

const HOST = '127.0.0.1';

export async function writeNodeFiles(dir: string, network: Network): Promise<void> {
  writeWhole(genesisFile(dir), foundingOf(network.nodes.length, network.foundedMs, network).genesisText);
  for (const node of network.nodes) {
    const folder = nodeFolder(dir, node.index);
    mkdirSync(folder, { recursive: true });
    // Relative, so that the folder can be moved.
    await writeConfig(configFile(dir, node.index), {
      genesis: relative(folder, genesisFile(dir)),
      data_dir: relative(folder, dataFolder(dir, node.index)),
      keys: { development: node.index },
      p2p: { host: HOST, port: node.p2pPort, bootstrap: addressesOfOthers(network, node), mdns: true },
      http: { port: node.httpPort },
      ...(node.byzantine !== undefined && { byzantine: node.byzantine }),
    });
  }
}

const addressesOfOthers = ({ nodes }: Network, self: TestnetNode): string[] =>
  nodes
    .filter(({ index }) => index !== self.index)
    .map(({ p2pPort, peerId }) => `/ip4/${HOST}/tcp/${p2pPort}/p2p/${peerId}`);
