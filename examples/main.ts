/**
 * What data with conditions, leases and sets that merge is good for. Needs the network of scripts/testnet.ts in another terminal.
 *
 *   npm run example -- lock [folder of the testnet]       a paused owner's late write is refused
 *   npm run example -- election [folder of the testnet]   one leader at a time, and another when it dies
 *   npm run example -- barrier [folder of the testnet]    nobody goes on before all are there
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, EXIT, Output, toCommandError } from '../src/cli/output.ts';
import { httpUrl, readNetwork } from '../src/cli/testnet/layout.ts';
import { developmentNetwork } from '../src/node/development.ts';
import { barrier } from './barrier.ts';
import { election } from './election.ts';
import { lock } from './lock.ts';
import { Party } from './party.ts';

/** An idle network makes a block every five seconds, one in use many more. */
const TRAFFIC_MS = 100;

const [example = '', folder = '.trefoil/testnet'] = process.argv.slice(2);

/** A development account with a node of its own, which it asks first. */
function open(account: string): Party {
  const { accounts } = developmentNetwork(1);
  const position = accounts.findIndex(({ name }) => name === account);
  const { secret } = accounts[position] ?? {};
  if (secret === undefined) throw new Error(`a development network has an account ${account}`);
  const urls = readNetwork(folder).nodes.map(httpUrl);
  const own = position % urls.length;
  return new Party(account, secret, [...urls.slice(own), ...urls.slice(0, own)]);
}

/** A new namespace of the owner, in which the others may write too: nothing of earlier runs is in it. */
async function makeNamespace(owner: Party, ...others: readonly Party[]): Promise<string> {
  const name = `${example}-${Date.now().toString(36)}`;
  const { code } = await owner.submit({
    kind: 'create-namespace',
    name,
    writers: others.map(({ address }) => address),
  });
  if (code !== 'OK') throw new Error(`no namespace ${name}: ${code}`);
  owner.say(`makes the namespace ${name}; ${others.map((other) => other.name).join(', ')} may write there too`);
  return name;
}

type Play = (alice: Party, bob: Party, carol: Party, dave: Party) => Promise<void>;

const PLAYS: Readonly<Record<string, Play>> = {
  lock: async (alice, bob) => lock(await makeNamespace(alice, bob), alice, bob),
  election: async (...[alice, bob, carol]) => election(await makeNamespace(alice, bob, carol), [alice, bob, carol]),
  barrier: async (...parties) => barrier(await makeNamespace(...parties), parties),
};

/** What others do meanwhile: their transactions make blocks, by which leases run out. */
async function useNetwork(other: Party, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await other.submit({ kind: 'transfer', to: other.address, amount: 1n });
    await delay(TRAFFIC_MS);
  }
}

async function run(): Promise<void> {
  const play = PLAYS[example];
  const names = Object.keys(PLAYS).join(', ');
  if (play === undefined) throw new CommandError('USAGE', 'which example?', `They are: ${names}.`, EXIT.usage);
  const ended = new AbortController();
  const judy = open('judy');
  const played = play(open('alice'), open('bob'), open('carol'), open('dave')).finally(() => ended.abort());
  await Promise.all([played, useNetwork(judy, ended.signal)]);
}

try {
  await run();
} catch (error) {
  // No network, no node that answers, a refusal: each has a code and a hint.
  const failure = toCommandError(error);
  new Output(process, false).error(failure);
  process.exitCode = failure.exitCode;
}
