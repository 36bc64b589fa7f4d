/** Validators lie while clients pay one another through the others. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Hash, hash } from '../../src/base/brand.ts';
import { invariant } from '../../src/base/invariant.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { agreedChain, isProved, offencesOf, statusOf, supplyOf } from './honest.ts';
import { Traffic } from './traffic.ts';
import { readLog } from './log.ts';
import type { TestnetFolder, Up } from './trefoil.ts';

/** Those that the tests look at; `npm run soak -- --liars` looks at all. In an order in which one validator can try them
 *  one after another: who is silent for long asks for another view, alone, and then takes no part until the epoch ends. */
export const STRATEGIES = ['equivocate', 'corrupt', 'silent'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** A network of which some lie. */
export interface LyingNetwork {
  readonly folder: TestnetFolder;
  readonly up: Up;
  readonly liars: readonly number[];
  readonly ed25519: Ed25519;
}

/** What was seen. Everything that has to hold of every liar was checked by then. */
export interface Seen extends Accused {
  readonly transactions: number;
  /** Longest time without a commit. */
  readonly longestGapMs: number;
  readonly height: number;
}

/** Of what liars are accused so far. */
export interface Accused {
  /** Highest view of an honest node. */
  readonly view: number;
  /** Offences with both signed messages, proved, by how many honest nodes report some. */
  readonly offences: number;
  readonly reporters: number;
  /** Codes of misbehaviour that `testnet status` shows. */
  readonly caught: readonly string[];
}

/** Loads the honest nodes for a while, and then looks at the chain and the books. Throws where something does not hold.
 *  `meanwhile`: nodes that it fells must run again when it is done. */
export async function watchLiars(
  network: LyingNetwork,
  ms: number,
  meanwhile?: (ms: number) => Promise<void>,
): Promise<Seen> {
  const { up, ed25519 } = network;
  const urls = honestNodes(network).map(({ http }) => http);
  const chainId: Hash = hash(up.chainId);
  const supply = BigInt(up.accounts.length) * 1_000_000_000n;
  const traffic = new Traffic({ chainId, urls, ed25519, nodesFall: meanwhile !== undefined });
  try {
    await (meanwhile ?? delay)(ms);
    await traffic.progress();
  } finally {
    await traffic.stop();
  }
  const { height, transactions } = await agreedChain(urls);
  for (const id of traffic.committed) invariant(transactions.get(id) === 1, 'committed exactly once', { id });
  for (const url of urls) {
    const found = await supplyOf(url, up.accounts);
    invariant(found === supply, 'the supply is what it was', { url, found });
  }
  const { longestGapMs, committed } = traffic;
  return { ...(await accusations(network)), longestGapMs, transactions: committed.size, height };
}

export const honestNodes = ({ up, liars }: Pick<LyingNetwork, 'up' | 'liars'>): Up['nodes'] =>
  up.nodes.filter(({ index }) => !liars.includes(index));

/** Who was accused of what: nobody but liars. */
export async function accusations(network: LyingNetwork): Promise<Accused> {
  const { folder, up, liars } = network;
  const honest = honestNodes(network);
  const isLiar = (validator: number | null) => validator !== null && liars.includes(validator);
  const offences = await Promise.all(honest.map(({ http }) => offencesOf(http)));
  for (const offence of offences.flat()) {
    const said = { offence: JSON.stringify(offence) };
    invariant(isLiar(offence.validator), 'an honest validator is not accused', said);
    invariant(isProved(folder.dir, up.chainId, offence), 'an offence is proved', said);
  }
  const { agreed, caught, nodes } = await folder.status();
  invariant(agreed, '`testnet status` says that they agree');
  for (const { index, running } of nodes) invariant(running, 'a liar stops nobody, itself included', { index });
  for (const { validator, code } of caught) {
    invariant(isLiar(validator), 'an honest validator is not accused', { validator, code });
  }
  const liarPeers = new Set(up.nodes.filter(({ index }) => isLiar(index)).map(({ peerId }) => peerId));
  for (const { index } of honest) checkLog(folder.dir, index, liarPeers);
  const statuses = await Promise.all(honest.map(({ http }) => statusOf(http)));
  return {
    view: Math.max(...statuses.map(({ view }) => view)),
    offences: Math.max(...offences.map(({ length }) => length)),
    reporters: offences.filter(({ length }) => length > 0).length,
    caught: [...new Set(caught.map(({ code }) => code))],
  };
}

/** An honest node has no trouble of its own, and keeps nobody away but liars. */
function checkLog(dir: string, index: number, liars: ReadonlySet<string>): void {
  for (const line of readLog(dir, index)) {
    invariant(line.level !== 'error' && line.level !== 'fatal', 'an honest node is well', { index, said: line.msg });
    const punished = line.code === 'PEER_PUNISHED' && !liars.has(line.peer ?? '');
    invariant(!punished, 'an honest node is not kept away', { index, said: JSON.stringify(line) });
  }
}
