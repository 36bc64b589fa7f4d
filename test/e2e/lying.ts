/** One validator lies while clients pay one another through the others. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Hash, hash } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { agreedChain, isProved, offencesOf, statusOf, supplyOf } from './honest.ts';
import { Traffic } from './traffic.ts';
import { readLog } from './log.ts';
import type { TestnetFolder, Up } from './trefoil.ts';

/** In an order in which one validator can try them all: who is silent for long asks for another view, alone, and then takes no
 *  part until the epoch ends. */
export const STRATEGIES = ['equivocate', 'corrupt', 'silent'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What was seen. Everything that has to hold of every liar was checked by then. */
export interface Seen {
  readonly transactions: number;
  /** Longest time without a commit. */
  readonly longestGapMs: number;
  readonly height: number;
  /** Highest view of an honest node. */
  readonly view: number;
  /** Offences with both signed messages, proved, by how many honest nodes report some. */
  readonly offences: number;
  readonly reporters: number;
  /** Codes of misbehaviour that `testnet status` shows. */
  readonly caught: readonly string[];
}

/** Loads the honest nodes for a while, and then looks at the chain and the books. Throws where something does not hold. */
export async function watchLiar(
  folder: TestnetFolder,
  up: Up,
  liar: number,
  ed25519: Ed25519,
  ms: number,
): Promise<Seen> {
  const urls = up.nodes.filter(({ index }) => index !== liar).map(({ http }) => http);
  const chainId: Hash = hash(up.chainId);
  const supply = BigInt(up.accounts.length) * 1_000_000_000n;
  const traffic = new Traffic({ chainId, urls, ed25519 });
  try {
    await delay(ms);
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
  return { ...(await accusations(folder, up, liar)), longestGapMs, transactions: committed.size, height };
}

/** Who was accused of what: nobody but the liar. */
async function accusations(folder: TestnetFolder, { chainId, nodes }: Up, liar: number) {
  const honest = nodes.filter(({ index }) => index !== liar);
  const offences = await Promise.all(honest.map(({ http }) => offencesOf(http)));
  for (const offence of offences.flat()) {
    invariant(offence.validator === liar, 'an honest validator is not accused', { offence: JSON.stringify(offence) });
    invariant(isProved(folder.dir, chainId, offence), 'an offence is proved', { offence: JSON.stringify(offence) });
  }
  const { agreed, caught } = await folder.status();
  invariant(agreed, '`testnet status` says that they agree');
  for (const { validator, code } of caught) {
    invariant(validator === liar, 'an honest validator is not accused', { validator, code });
  }
  for (const { index } of honest) checkLog(folder.dir, index, present(nodes[liar], 'the liar').peerId);
  const statuses = await Promise.all(honest.map(({ http }) => statusOf(http)));
  return {
    view: Math.max(...statuses.map(({ view }) => view)),
    offences: Math.max(...offences.map(({ length }) => length)),
    reporters: offences.filter(({ length }) => length > 0).length,
    caught: caught.map(({ code }) => code),
  };
}

/** An honest node has no trouble of its own, and keeps nobody away but the liar. */
function checkLog(dir: string, index: number, liar: string): void {
  for (const line of readLog(dir, index)) {
    invariant(line.level !== 'error' && line.level !== 'fatal', 'an honest node is well', { index, said: line.msg });
    const punished = line.code === 'PEER_PUNISHED' && line.peer !== liar;
    invariant(!punished, 'an honest node is not kept away', { index, said: JSON.stringify(line) });
  }
}
