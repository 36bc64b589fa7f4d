/** What has to hold among honest nodes, whatever the others do: asked over HTTP, from each of them, at every height. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { BlockJson, OffenceJson, OffencesJson } from '../../src/api/block.ts';
import type { StatusJson } from '../../src/api/status.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { fromHex } from '../../src/codec/hex.ts';
import { genesisFile } from '../../src/cli/testnet/layout.ts';
import { type ClaimsJson, claimsBytes, type VoteJson, voteBytes } from './signed-bytes.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';

const SETTLE_MS = 30_000;
const HEIGHTS_AT_ONCE = 16;

export const statusOf = (url: string): Promise<StatusJson> => get<StatusJson>(url, '/v1/status');
export const offencesOf = async (url: string): Promise<readonly OffenceJson[]> =>
  (await get<OffencesJson>(url, '/v1/offences')).offences;

async function get<T>(url: string, path: string): Promise<T> {
  const answer = await fetch(url + path);
  invariant(answer.ok, 'a node answers', { url, path, status: answer.status });
  return (await answer.json()) as T;
}

export interface Chain {
  readonly height: number;
  /** Executed transactions and how often each stands in the chain. */
  readonly transactions: ReadonlyMap<string, number>;
}

/** Waits until all nodes are as far as the first is now, and compares them at every height from 1 on. Throws at a difference. */
export async function agreedChain(urls: readonly string[]): Promise<Chain> {
  const height = Math.max(...(await Promise.all(urls.map(async (url) => (await statusOf(url)).certifiedHeight))));
  await Promise.all(urls.map((url) => reaches(url, height)));
  const transactions = new Map<string, number>();
  for (let from = 1; from <= height; from += HEIGHTS_AT_ONCE) {
    const heights = Array.from({ length: Math.min(HEIGHTS_AT_ONCE, height - from + 1) }, (_, i) => from + i);
    const blocks = await Promise.all(heights.map((at) => agreedBlock(urls, at)));
    for (const { id } of blocks.flatMap((block) => block.transactions)) {
      transactions.set(id, (transactions.get(id) ?? 0) + 1);
    }
  }
  return { height, transactions };
}

async function reaches(url: string, height: number): Promise<void> {
  for (const deadline = performance.now() + SETTLE_MS; (await statusOf(url)).certifiedHeight < height; ) {
    invariant(performance.now() < deadline, 'an honest node keeps up', { url, height });
    await delay(100);
  }
}

async function agreedBlock(urls: readonly string[], height: number): Promise<BlockJson> {
  const blocks = await Promise.all(urls.map((url) => get<BlockJson>(url, `/v1/blocks/${height}`)));
  const hashes = new Set(blocks.map(({ hash }) => hash));
  invariant(hashes.size === 1, 'honest nodes agree', { height, hashes: [...hashes].join(' ') });
  return present(blocks[0], 'a block');
}

/** Sum of the balances of these accounts, by one node. */
export async function supplyOf(url: string, accounts: readonly { readonly address: string }[]): Promise<bigint> {
  const balances = await Promise.all(
    accounts.map(({ address }) => get<{ balance: string }>(url, `/v1/accounts/${address}`)),
  );
  return balances.reduce((sum, { balance }) => sum + BigInt(balance), 0n);
}

/**
 * Whether both messages of an offence are signed by the validator that it names, and contradict each other. Independent of the
 * node: the signed bytes are put together by the words of the design (signed-bytes.ts), and the key is the genesis's.
 */
export function isProved(dir: string, chainId: string, { validator, evidence }: OffenceJson): boolean {
  const genesis = JSON.parse(readFileSync(genesisFile(dir), 'utf8')) as { validators: { publicKey: string }[] };
  const publicKey = fromHex(present(genesis.validators[validator], 'the validator').publicKey);
  const isSigned = (bytes: Uint8Array, signature: string): boolean =>
    nobleEd25519.verify(publicKey, bytes, fromHex(signature));
  if (evidence.kind === 'amnesia') {
    const { commit, viewChange } = evidence;
    const { claims, signature } = viewChange;
    const isTheirs = commit.voter === validator && claims.voter === validator;
    const signed =
      isSigned(voteBytes(chainId, commit.vote), commit.signature) && isSigned(claimsBytes(chainId, claims), signature);
    return isTheirs && signed && isHidden(commit.vote, claims);
  }
  const { first, second } = evidence;
  const samePlace = placeOf(first) === placeOf(second) && first.voter === validator && second.voter === validator;
  const signed = [first, second].every(({ vote, signature }) => isSigned(voteBytes(chainId, vote), signature));
  return samePlace && first.vote.hash !== second.vote.hash && signed;
}

function isHidden({ kind, epoch, view, height, hash }: VoteJson, claims: ClaimsJson): boolean {
  const isLater = kind === 'commit' && claims.epoch === epoch && claims.view > view && claims.stableHeight < height;
  const shown = claims.prepared.find((each) => each.height === height);
  return isLater && (shown === undefined || shown.view < view || (shown.view === view && shown.bodyHash !== hash));
}

const placeOf = ({ vote: { kind, epoch, view, height } }: { readonly vote: VoteJson }): string =>
  [kind, epoch, view, height].join('/');
