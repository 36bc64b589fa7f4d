/** Who tells two stories to the honest is found out (N11), and who holds the proof puts it into the chain. */
import type { Hash } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { EVIDENCE_PER_VALIDATOR_MAX } from '../../driver/limits.ts';
import type { PeerMessage } from '../../driver/wire.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { offenceKey, offenceOf } from '../../ledger/offence.ts';
import { primaryOf } from '../../ledger/validators.ts';
import type { Checker, Violate } from '../checker.ts';
import type { SimulatedNode } from '../node.ts';

/** Heights of which a primary may tell two stories before somebody honest holds both signatures: those of one are worth
 *  nothing once the height is settled, which can be sooner. */
const STORIES_MAX = 8;
/** Bodies of an honest validator without what it could prove. Those proposed while others are in flight hold no evidence. */
const SILENT_BODIES_MAX = 10;

/** A primary of whom honest validators prepare two bodies in one place, again and again, is proved guilty. Only what is told
 *  after the faults counts: before, the proof may be lost with the messages. */
export function proof({ validators }: Genesis, violate: Violate): Checker {
  let healed = false;
  /** By place, the body that the first honest validator prepared. */
  const prepared = new Map<string, Hash>();
  /** By primary, the places of its two stories since it was last proved guilty. */
  const stories = new Map<number, Set<string>>();
  /** By node and validator, proofs of guilt. */
  const kept = new Map<string, number>();
  const notorious = new Set<number>();
  return {
    name: 'proof',
    healed() {
      healed = true;
    },
    sent(node, message) {
      if (!healed || !node.isHonest || message.kind !== 'vote' || message.vote.voter !== node.validator) return;
      const { kind, epoch, view, height, hash } = message.vote.vote;
      if (kind !== 'prepare') return;
      const place = `${epoch}/${view}/${height}`;
      const other = prepared.get(place) ?? hash;
      prepared.set(place, other);
      if (other === hash) return;
      const primary = primaryOf(validators, epoch, view);
      const told = (stories.get(primary) ?? new Set()).add(place);
      stories.set(primary, told);
      if (told.size > STORIES_MAX && !notorious.has(primary))
        violate(
          `nobody honest can prove that validator ${primary} told two stories, at the latest of height ${height}`,
        );
    },
    accused({ slot }, { first: { voter } }) {
      stories.delete(voter);
      const pieces = (kept.get(`${slot}/${voter}`) ?? 0) + 1;
      kept.set(`${slot}/${voter}`, pieces);
      // It keeps no more, and so reports no more.
      if (pieces >= EVIDENCE_PER_VALIDATOR_MAX) notorious.add(voter);
    },
  };
}

interface Holder {
  /** What it can prove and did not find in the chain. */
  readonly open: Set<string>;
  readonly proposed: Set<Hash>;
  silentBodies: number;
}

/** An honest validator that holds evidence proposes it. */
export function accusation(violate: Violate): Checker {
  const holders = new Map<number, Holder>();
  const holderOf = ({ slot }: SimulatedNode): Holder => {
    const holder = holders.get(slot) ?? { open: new Set(), proposed: new Set(), silentBodies: 0 };
    holders.set(slot, holder);
    return holder;
  };
  const named = new Set<string>();
  return {
    name: 'accusation',
    accused(node, evidence) {
      const key = offenceKey(offenceOf(evidence));
      if (!named.has(key)) holderOf(node).open.add(key);
    },
    started(node) {
      // A crash may have taken what was not durable yet.
      const holder = holderOf(node);
      holder.open.clear();
      for (const evidence of present(node.driver, 'a driver that runs').evidence()) {
        const key = offenceKey(offenceOf(evidence));
        if (!named.has(key)) holder.open.add(key);
      }
    },
    finalized(_, { body }) {
      for (const evidence of body.body.evidence) {
        const key = offenceKey(offenceOf(evidence));
        named.add(key);
        for (const { open } of holders.values()) open.delete(key);
      }
    },
    sent(node, message) {
      const body = ownBody(node, message);
      if (body === undefined) return;
      const holder = holderOf(node);
      if (holder.open.size === 0 || body.evidence > 0) holder.silentBodies = 0;
      else if (!holder.proposed.has(body.hash)) holder.silentBodies += 1;
      holder.proposed.add(body.hash);
      if (holder.silentBodies > SILENT_BODIES_MAX)
        violate(`node ${node.slot} proposed ${holder.silentBodies} bodies without the offence that it can prove`);
    },
  };
}

/** A body that an honest validator proposes. */
function ownBody(
  node: SimulatedNode,
  message: PeerMessage,
): { readonly hash: Hash; readonly evidence: number } | undefined {
  if (!node.isHonest || message.kind !== 'pre-prepare' || message.vote.voter !== node.validator) return undefined;
  return { hash: message.vote.vote.hash, evidence: message.body.evidence.length };
}
