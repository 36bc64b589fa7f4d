/** `trefoil node`: one validator as a process, in the foreground. */
import { once } from 'node:events';
import { Command } from 'commander';
import { readConfig } from '../node/config.ts';
import { createLogger } from '../node/logger.ts';
import type { RunningNode } from '../node/node.ts';
import { CommandError, type Output, type Run } from './output.ts';
import { readPassphrase } from './passphrase.ts';

interface StartOptions {
  readonly config: string;
  readonly passphraseFile?: string;
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export function nodeCommand(run: Run): Command {
  return new Command('node').description('Run a validator.').addCommand(
    new Command('start')
      .description('Start a validator and run it until SIGTERM or Ctrl+C. Its log goes where the configuration says.')
      .requiredOption('--config <file>', 'its configuration, TOML')
      .option('--passphrase-file <file>', 'file with the passphrase of its keystores; else it is asked for')
      .option('--json', 'print one JSON object once it runs')
      .addHelpText('after', NODE_HELP)
      .action((options: StartOptions) => run((output) => runNode(options, output))),
  );
}

const NODE_HELP = `
Examples:
  trefoil node start --config node.toml
  trefoil node start --config /etc/trefoil/node.toml --passphrase-file /run/secrets/trefoil

A configuration:
  genesis = "genesis.json"
  data_dir = "data"
  [keys]
  validator = "keys/validator.json"
  node = "keys/node.json"
  # rotated = true    # the chain gave these keys to the validator after this data folder was last used
  [p2p]
  host = "0.0.0.0"
  port = 4001
  bootstrap = ["/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW…"]
  admit = ["12D3KooW…"]    # may follow this node, beside those that the chain lists
  [http]
  port = 8080`;

const HINTS: Readonly<Record<string, string>> = {
  STORE_CORRUPT:
    'Its promises may be lost: started now on an empty folder or an older copy, it could sign twice. Wait until the ' +
    'other nodes are in an epoch that began after it stopped; then start it with an empty data_dir.',
};

/** Returns when the node has been stopped. */
async function runNode({ config: file, passphraseFile }: StartOptions, output: Output): Promise<undefined> {
  const config = await readConfig(file);
  if (!config.ok) throw new CommandError(config.error.code, config.error.message, 'See `trefoil node start --help`.');
  // What only a node needs is loaded here: the other commands start faster without it.
  const [{ startNode }, { createServer }, { gatewayOf }] = await Promise.all([
    import('../node/node.ts'),
    import('../rpc/server.ts'),
    import('../node/gateway.ts'),
  ]);
  const logger = createLogger(config.value.log);
  const passphraseOf = (keystore: string) =>
    readPassphrase({ file: passphraseFile, prompt: `Passphrase of ${keystore}: ` });
  const started = await startNode({ config: config.value, logger, passphraseOf });
  if (!started.ok)
    throw new CommandError(
      started.error.code,
      started.error.message,
      HINTS[started.error.code] ?? `Check ${file} and what it names.`,
    );
  const node = started.value;
  const { host, port, allowed_hosts: allowedHosts } = config.value.http;
  const server = createServer({
    gateway: gatewayOf(node),
    addressPrefix: node.genesis.addressPrefix,
    allowedHosts,
    logger,
  });
  try {
    const http = await listening(server.listen(port, host), host, port);
    output.answer(introduction(node, http));
    await untilStopped(node);
  } finally {
    await server.close();
    await node.stop();
  }
  return undefined;
}

async function listening(url: Promise<string>, host: string, port: number): Promise<string> {
  try {
    return await url;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      'LISTEN_FAILED',
      `http: cannot listen on ${host}, port ${port}: ${reason}`,
      'Choose another port.',
    );
  }
}

function introduction(node: RunningNode, http: string) {
  const { genesis, peerId, addresses } = node;
  const { self: index } = node.status();
  const what = index === null ? 'A node without a vote' : `Validator ${index}`;
  return {
    json: { chainId: genesis.chainId, index, peerId, addresses, http },
    text: `${what} of ${genesis.name} runs: ${http}, peer ${peerId}`,
  };
}

function endOf(halted: Error): CommandError {
  if ('code' in halted && halted.code === 'UPGRADE_NEEDED')
    return new CommandError(
      halted.code,
      halted.message,
      'Install newer software, and start it with this configuration.',
    );
  return new CommandError(
    'HALTED',
    halted.message,
    'Its log says more. It signs nothing any more until it is started again.',
  );
}

/** Throws CommandError when the node cannot go on: UPGRADE_NEEDED, HALTED. */
async function untilStopped(node: RunningNode): Promise<void> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    const halted = await Promise.race([node.halted, ...STOP_SIGNALS.map((name) => once(process, name, { signal }))]);
    if (halted instanceof Error) throw endOf(halted);
  } finally {
    listening.abort();
  }
}
