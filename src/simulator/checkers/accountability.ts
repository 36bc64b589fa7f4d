/** Who tells two stories to the honest is found out (N11), and who holds the proof puts it into the chain. */
import type { Epoch, Hash } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { PIPELINE_MAX } from '../../driver/limits.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';
import { type Epochs, firstEpoch, primaryOf } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Body, Header } from '../../ledger/block.ts';
import { BODY_EVIDENCE_MAX } from '../../ledger/limits.ts';
import { isRecordable, offenceKey, offenceOf } from '../../ledger/offence.ts';
import type { Evidence } from '../../ledger/evidence.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';
import { Calm, type CalmWorld } from './calm.ts';

/** Heights of which a primary may tell two stories before somebody honest holds both signatures: those of one are worth
 *  nothing once the height is settled, which can be sooner. */
const STORIES_MAX = 8;
/** Bodies in a row of an honest validator without what it could prove: while one in flight carries it, and until the block
 *  of that one is final. */
const SILENT_BODIES_MAX = 2 * PIPELINE_MAX;
/** Heights that honest validators propose until an offence is in the chain, when they had a base timeout to hear of it: those
 *  in flight then, the one that carries it, and those that become final with it. */
const HONEST_HEIGHTS_MAX = 2 * PIPELINE_MAX;
/** Base timeouts for which one liar can keep an offence out as the primary: until it is told, two more until it is left for
 *  that, one until the next body is made, and one for the view change. */
const CONCEALED_TIMEOUTS = 5;

/** A primary of whom honest validators prepare two bodies in one place, again and again, is proved guilty. Only what is told
 *  after the faults counts: before, the proof may be lost with the messages. */
export function proof(epochs: Epochs, violate: Violate): Checker {
  let healed = false;
  /** By place, the body that the first honest validator prepared. */
  const prepared = new Map<string, Hash>();
  /** By primary, the places of its two stories since it was last proved guilty. */
  const stories = new Map<number, Set<string>>();
  /** Who was proved guilty in which epochs: a second proof there says nothing. */
  const proved = new Set<string>();
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
      const primary = primaryOf(present(epochs.of(epoch), 'the epoch of a vote'), view);
      if (proved.has(offenceKey({ epoch, validator: primary }))) return;
      const told = (stories.get(primary) ?? new Set()).add(place);
      stories.set(primary, told);
      if (told.size > STORIES_MAX)
        violate(
          `nobody honest can prove that validator ${primary} told two stories, at the latest of height ${height}`,
        );
    },
    accused(_, evidence) {
      stories.delete(offenceOf(evidence).validator);
      proved.add(offenceKey(offenceOf(evidence)));
    },
  };
}

interface World extends CalmWorld {
  readonly genesis: Genesis;
}

/** What an honest node can prove and did not find in the chain, since when, and what it proposed without it. */
interface Holder {
  readonly open: Map<string, number>;
  readonly proposed: Set<Hash>;
  /** What it found in final blocks. */
  readonly recorded: Set<string>;
  silentBodies: number;
}

/**
 * What an honest node can prove is in the chain soon. An honest validator proposes it, and without faults, when everybody
 * could hear of it, few heights pass without it: of honest proposers, and, as they are left for it, of lying ones.
 */
export function accusation(world: World, violate: Violate): Checker {
  const holders = new Map<number, Holder>();
  const holderOf = ({ slot }: SimulatedNode): Holder => {
    const holder = holders.get(slot) ?? { open: new Map(), proposed: new Set(), recorded: new Set(), silentBodies: 0 };
    holders.set(slot, holder);
    return holder;
  };
  const delays = new Delays(world, violate);
  const named = new Set<string>();
  const hold = (node: SimulatedNode, evidence: Evidence): void => {
    const key = keyOf(evidence);
    if (!named.has(key)) holderOf(node).open.set(key, world.scheduler.nowMs);
  };
  const close = (key: string): void => {
    for (const { open } of holders.values()) open.delete(key);
  };
  return {
    name: 'accusation',
    accused: hold,
    started(node) {
      // A crash may have taken what was not durable yet.
      holderOf(node).open.clear();
      for (const evidence of present(node.driver, 'a driver that runs').evidence()) hold(node, evidence);
    },
    finalized(node, { record: { header }, body: { body } }) {
      for (const key of body.evidence.map(keyOf)) {
        named.add(key);
        holderOf(node).recorded.add(key);
        close(key);
      }
      // For how long evidence counts nothing changes.
      const at = { epoch: header.epoch, parameters: firstEpoch(world.genesis).parameters };
      for (const { open } of holders.values())
        for (const key of open.keys()) if (!isRecordable(epochOfKey(key), at)) close(key);
      const running = world.nodes.filter(({ isHonest, state }) => isHonest && state === 'running');
      delays.passed(header, body, oldest(running.map((node) => holderOf(node).open)));
    },
    sent(node, message) {
      const body = ownBody(node, message);
      if (body === undefined) return;
      const holder = holderOf(node);
      const again = holder.proposed.has(body.hash) ? undefined : body.keys.find((key) => holder.recorded.has(key));
      if (again !== undefined) violate(`node ${node.slot} proposed the offence ${again} though it is in the chain`);
      if (holder.open.size === 0 || body.keys.length > 0) holder.silentBodies = 0;
      else if (!holder.proposed.has(body.hash)) holder.silentBodies += 1;
      holder.proposed.add(body.hash);
      if (holder.silentBodies > SILENT_BODIES_MAX)
        violate(`node ${node.slot} proposed ${holder.silentBodies} bodies without the offence that it can prove`);
    },
  };
}

/** By offence, since when the first of them has held it. */
function oldest(all: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const since = new Map<string, number>();
  for (const open of all)
    for (const [key, sinceMs] of open) since.set(key, Math.min(sinceMs, since.get(key) ?? sinceMs));
  return since;
}

/** How long offences wait for the chain, while nothing is wrong but liars. */
class Delays {
  readonly #world: World;
  readonly #violate: Violate;
  readonly #timeoutMs: number;
  readonly #calm: Calm;
  #height = 0;
  /** Whose bodies become final now, and since when. */
  #term = { proposer: -1, epoch: -1, sinceMs: 0 };
  /** By offence, final heights of honest proposers who could have heard of it. */
  readonly #heights = new Map<string, number>();

  constructor(world: World, violate: Violate) {
    const { baseTimeoutTicks, tickMs } = world.genesis.consensus;
    this.#world = world;
    this.#violate = violate;
    this.#calm = new Calm(world);
    this.#timeoutMs = baseTimeoutTicks * tickMs;
  }

  /** A height is final, and these offences are not in the chain. */
  passed({ height, epoch }: Header, { proposer }: Body, open: ReadonlyMap<string, number>): void {
    if (height <= this.#height) return;
    this.#height = height;
    const { nowMs } = this.#world.scheduler;
    const calmMs = this.#calm.sinceMs();
    if (calmMs === Number.POSITIVE_INFINITY) this.#heights.clear();
    if (this.#term.proposer !== proposer || this.#term.epoch !== epoch)
      this.#term = { proposer, epoch, sinceMs: nowMs };
    const isHonest = this.#world.nodes.some((node) => node.isHonest && node.validator === proposer);
    for (const [key, sinceMs] of open) {
      const knownMs = nowMs - Math.max(sinceMs, calmMs);
      const concealedMs = Math.min(knownMs, nowMs - this.#term.sinceMs);
      if (!isHonest && concealedMs > CONCEALED_TIMEOUTS * this.#timeoutMs)
        this.#violate(`validator ${proposer} keeps the offence ${key} out of the chain, and is not left`);
      if (!isHonest || knownMs < this.#timeoutMs) continue;
      const heights = (this.#heights.get(key) ?? 0) + 1;
      this.#heights.set(key, heights);
      if (heights > HONEST_HEIGHTS_MAX + open.size / BODY_EVIDENCE_MAX)
        this.#violate(`${heights} heights of honest proposers are final without the offence ${key}`);
    }
  }
}

const keyOf = (evidence: Evidence): string => offenceKey(offenceOf(evidence));

const epochOfKey = (key: string): Epoch => Number(key.split('/')[0]) as Epoch;

/** A body that an honest validator proposes. */
function ownBody(
  node: SimulatedNode,
  message: PeerMessage,
): { readonly hash: Hash; readonly keys: readonly string[] } | undefined {
  if (!node.isHonest || message.kind !== 'pre-prepare' || message.body.proposer !== node.validator) return undefined;
  return { hash: message.vote.vote.hash, keys: message.body.evidence.map(keyOf) };
}
