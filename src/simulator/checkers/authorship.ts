/** What honest nodes let into the chain: nobody's words but their own, at a time that can be, accusing nobody honest. */
import type { Hash } from '../../base/brand.ts';
import { bodyHash, NO_PROPOSER } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Checker, Violate } from '../world/checker.ts';
import { CLOCK_SKEW_MAX_MS, type SimulatedNode } from '../world/node.ts';

/** A body in an honest validator's name is its own. */
export function authorship(nodes: () => readonly SimulatedNode[], violate: Violate): Checker {
  const proposed = new Set<Hash>();
  return {
    name: 'authorship',
    sent(node, message) {
      if (message.kind === 'pre-prepare' && message.vote.voter === node.validator) proposed.add(message.vote.vote.hash);
    },
    finalized(node, { body: { body }, record }) {
      // A quorum by itself executes what it proposes before it has sent it.
      if (node.validator === body.proposer) proposed.add(bodyHash(body));
      if (body.proposer === NO_PROPOSER || proposed.has(bodyHash(body))) return;
      const authors = nodes().filter(({ validator }) => validator === body.proposer);
      if (authors.length > 0 && authors.every(({ isLiar }) => !isLiar))
        violate(`the body of height ${record.header.height} at node ${node.slot} is not validator ${body.proposer}'s`);
    },
  };
}

/** Bodies are dated within the drift that the genesis allows, of clocks as wrong as they get here. */
export function times(genesis: Genesis, startMs: number, nowMs: () => number, violate: Violate): Checker {
  const drift = genesis.consensus.clockDriftMs + CLOCK_SKEW_MAX_MS;
  return {
    name: 'times',
    finalized(node, { body: { body }, record }) {
      if (body.proposer === NO_PROPOSER) return;
      if (body.timestampMs < startMs - drift || body.timestampMs > nowMs() + drift)
        violate(`the body of height ${record.header.height} at node ${node.slot} is dated ${body.timestampMs}`);
    },
  };
}
