/** What is said about a testnet. */
import type { Colours } from '../output.ts';
import { table } from '../table.ts';
import { DEFAULT_DIR, httpUrl } from './layout.ts';
import type { Caught, Observation } from './observe.ts';
import type { StartedNode, Testnet } from './up.ts';

/** Accounts shown; --json has all. */
const ACCOUNTS_SHOWN = 4;

export const upJson = ({ network, nodes }: Testnet): object => ({
  chainId: network.chainId,
  nodes: nodes.map(nodeJson),
  accounts: network.accounts,
});

export const nodeJson = ({ index, pid, http, peerId, power, byzantine }: StartedNode): object => ({
  index,
  pid,
  http,
  peerId,
  power,
  ...(byzantine !== undefined && { byzantine }),
});

/** ` --dir D`, where commands need it. */
const dirOption = (dir: string): string => (dir === DEFAULT_DIR ? '' : ` --dir ${quote(dir)}`);

const quote = (text: string): string =>
  /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

export function upText(dir: string, { network, nodes, primary }: Testnet, colours: Colours): string {
  const { bold, yellow, cyan } = colours;
  const at = dirOption(dir);
  const rows = nodes.map(({ index, http, peerId, power, byzantine }) => [
    String(index),
    http,
    peerId,
    power,
    [...(index === primary ? ['primary'] : []), ...(byzantine === undefined ? [] : [`lies: ${byzantine}`])].join(', '),
  ]);
  const accounts = network.accounts
    .slice(0, ACCOUNTS_SHOWN)
    .map(({ name, address }) => `  ${name.padEnd(6)}  ${address}`);
  const more = network.accounts.slice(ACCOUNTS_SHOWN).map(({ name }) => name);
  const last = nodes.at(-1)?.index ?? 0;
  return [
    `${bold('Every validator has a final block.')} Chain ${network.chainId}`,
    '',
    table(['node', 'http', 'peer id', 'power', ''], rows, colours),
    '',
    yellow(bold('These accounts are for play: their keys are PUBLIC, anybody can spend from them.')),
    ...accounts,
    ...(more.length === 0 ? [] : [`  and ${more.join(', ')}`]),
    '',
    'Copy, in another terminal:',
    `  ${cyan(`npx trefoil tx transfer --from alice --to bob --amount 5 --wait${at}`)}`,
    `  ${cyan(`npx trefoil tx show last${at}`)}   # its receipt`,
    `  ${cyan(`npx trefoil testnet start ${last} --byzantine equivocate${at}`)}   # make validator ${last} lie`,
  ].join('\n');
}

export const stopHint = (dir: string): string =>
  `Resume: npx trefoil testnet up${dirOption(dir)} · wipe: npx trefoil testnet down --wipe${dirOption(dir)}`;

/** `{agreed, nodes, caught}`; what a node that does not answer would have to tell is null. */
export function statusJson(observations: readonly Observation[], agreed: boolean, caught: readonly Caught[]): object {
  const nodes = observations.map(({ node, running, status }) => ({
    index: node.index,
    http: httpUrl(node),
    running,
    height: status?.height ?? null,
    certifiedHeight: status?.certifiedHeight ?? null,
    blockHash: status?.blockHash ?? null,
    epoch: status?.epoch ?? null,
    view: status?.view ?? null,
    primary: status?.primary ?? null,
    peers: status?.validators.filter(({ index, connected }) => connected && index !== node.index).length ?? null,
    ...(node.byzantine !== undefined && { byzantine: node.byzantine }),
  }));
  return { agreed, nodes, caught };
}

export function statusText(
  observations: readonly Observation[],
  agreed: boolean,
  caught: readonly Caught[],
  colours: Colours,
): string {
  const rows = observations.map(({ node, running, status }) => {
    const lies = node.byzantine === undefined ? '' : `lies: ${node.byzantine}`;
    if (status === undefined) return [String(node.index), running ? 'silent' : 'stopped', '', '', '', '', '', '', lies];
    const { certifiedHeight, blockHash, epoch, view, primary, validators } = status;
    const peers = validators.filter(({ index, connected }) => connected && index !== node.index).length;
    const cells = [node.index, 'running', certifiedHeight, blockHash.slice(0, 12), epoch, view, primary, peers, lies];
    return cells.map(String);
  });
  const heads = ['node', 'state', 'certified', 'block', 'epoch', 'view', 'primary', 'peers', ''];
  const honest = observations.filter(({ node }) => node.byzantine === undefined);
  const answering = honest.filter(({ status }) => status !== undefined).length;
  const who = honest.length === observations.length ? '' : 'honest ones ';
  const consent =
    answering === 0
      ? `No ${who === '' ? '' : 'honest '}validator answers.`
      : `All ${answering} ${who}that answer agree.`;
  const verdict = agreed ? consent : colours.red('THE VALIDATORS DISAGREE: two blocks at one height.');
  return [table(heads, rows, colours), verdict, ...caught.map(caughtText)].join('\n');
}

export const caughtText = ({ validator, code, count, last, by }: Caught): string =>
  `${validator === null ? 'A peer' : `Validator ${validator}`} was caught by ${by.join(', ')}: ${code} (${count}×), last: ${last}`;
