/** A thread that mines: a full node of its own, and a search for nonces between two looks at what others say. */
import { parentPort, workerData } from 'node:worker_threads';
import { invariant, present, unreachable } from '../base/invariant.ts';
import { installNodeSha256 } from '../crypto/node-sha256.ts';
import { selectEd25519 } from '../crypto/select-ed25519.ts';
import { identifyTransaction } from '../ledger/transaction.ts';
import { blockOf, readBlock, type Template } from '../pow/block.ts';
import { isFault } from '../pow/chain.ts';
import { encodeHeader, NONCE_MAX } from '../pow/header.ts';
import { search } from '../pow/mine.ts';
import { type NodeEffect, type NodeInput, PowNode } from '../pow/node.ts';
import { targetOf } from '../pow/target.ts';
import { REHEARSAL_MS, RENEW_MS, SLICE_HASHES } from './limits.ts';
import type { FromMiner, Gossip, ToMiner, WorkerSettings } from './messages.ts';
import { castOf, chainSettings, clockS } from './network.ts';

const port = present(parentPort, 'the thread that started this miner');
const { miner, originMs } = workerData as WorkerSettings;
const say = (message: FromMiner): void => port.postMessage(message);

installNodeSha256();
const ed25519 = await selectEd25519();
const { genesis } = castOf(ed25519);

/** What is searched for now. */
interface Search {
  readonly template: Template;
  readonly header: Uint8Array;
  readonly target: bigint;
  nextNonce: number;
  readonly sinceMs: number;
}

let node: PowNode | null = null;
let current: Search | null = null;
let mining = false;
let hashes = 0;

function step(input: NodeInput): void {
  const begun = present(node, 'a chain that has begun');
  const before = begun.tip.id;
  for (const effect of begun.step(input, clockS(originMs))) carryOut(effect);
  if (begun.tip.id !== before) say({ kind: 'tip', id: begun.tip.id });
}

function carryOut(effect: NodeEffect): void {
  switch (effect.kind) {
    case 'send-block': {
      const gossip: Gossip = { kind: 'block', bytes: effect.block.bytes };
      return say({ kind: 'send', to: effect.to === null ? null : Number(effect.to), except: null, gossip });
    }
    case 'send-transaction': {
      const gossip: Gossip = { kind: 'transaction', bytes: effect.item.bytes };
      const except = effect.except === null ? null : Number(effect.except);
      return say({ kind: 'send', to: null, except, gossip });
    }
    case 'announce':
      return say({
        kind: 'send',
        to: null,
        except: Number(effect.except),
        gossip: { kind: 'announced', id: effect.id },
      });
    case 'ask':
      return say({ kind: 'send', to: Number(effect.to), except: null, gossip: { kind: 'ask', id: effect.id } });
    case 'mine':
      return begin(effect.template);
    case 'connected':
      return;
    case 'reorganised':
      return say({ kind: 'reorganised', depth: effect.depth, takenBack: effect.takenBack.map(({ id }) => id) });
    case 'refused':
      // All miners are honest here. But a block may come to have no place in a tree that is full, or has grown on.
      invariant(!isFault(effect.code), 'no honest miner makes a block that is refused', {
        id: effect.id,
        code: effect.code,
      });
      return;
    default:
      return unreachable(effect);
  }
}

function begin(template: Template): void {
  const target = targetOf(template.header.bits);
  invariant(target.ok, 'the bits of a template are a target', { bits: template.header.bits });
  const header = encodeHeader(template.header);
  current = { template, header, target: target.value, nextNonce: 0, sinceMs: performance.now() };
}

/** Searches a little, and goes on after a look at what came in. */
function mineOn(): void {
  if (!mining) return;
  const searching = present(current, 'something to mine');
  const searched = search(searching.header, searching.target, searching.nextNonce, SLICE_HASHES);
  hashes += searched.hashes;
  searching.nextNonce += searched.hashes;
  if (searched.kind === 'found') found(searching.template, searched.nonce);
  else if (searching.nextNonce > NONCE_MAX || performance.now() - searching.sinceMs >= RENEW_MS)
    step({ kind: 'renew' });
  setImmediate(mineOn);
}

function found(template: Template, nonce: number): void {
  say({ kind: 'found', bytes: blockOf(template, nonce).bytes });
  step({ kind: 'found', template, nonce });
}

function hear(from: number | null, gossip: Gossip): void {
  switch (gossip.kind) {
    case 'block': {
      const block = readBlock(gossip.bytes);
      if (block.ok) step({ kind: 'block', from: String(from), block: block.value });
      return;
    }
    case 'transaction': {
      const item = identifyTransaction(gossip.bytes);
      if (item.ok) step({ kind: 'transaction', from: from === null ? null : String(from), item: item.value });
      return;
    }
    case 'announced':
    case 'ask':
      return step({ ...gossip, from: String(from) });
    default:
      return unreachable(gossip);
  }
}

/** How many hashes a moment has, while the other threads hash too, and once the code is warm. */
function rehearse(): number {
  const header = encodeHeader({
    version: 0,
    parent: genesis.chainId,
    root: genesis.chainId,
    time: 0,
    bits: 0,
    nonce: 0,
  });
  const hashFor = (ms: number): number => {
    let count = 0;
    for (const endMs = performance.now() + ms; performance.now() < endMs; )
      count += search(header, 1n, count, SLICE_HASHES).hashes;
    return count;
  };
  hashFor(REHEARSAL_MS);
  return hashFor(REHEARSAL_MS);
}

port.on('message', (message: ToMiner) => {
  switch (message.kind) {
    case 'rehearse':
      return say({ kind: 'rehearsed', hashes: rehearse() });
    case 'begin':
      node = new PowNode({ ...chainSettings(ed25519, genesis, message.firstBits), miner });
      return step({ kind: 'renew' });
    case 'mine': {
      const starts = message.on && !mining;
      mining = message.on;
      if (starts) setImmediate(mineOn);
      return say({ kind: 'done' });
    }
    case 'gossip':
      hear(message.from, message.gossip);
      return say({ kind: 'done' });
    case 'stand': {
      const { tip, state, waiting } = present(node, 'a chain that has begun');
      const standing = { tip: tip.id, stateRoot: state.head.header.stateRoot, waiting, hashes };
      return say({ kind: 'standing', standing });
    }
    default:
      return unreachable(message);
  }
});
say({ kind: 'ready' });
