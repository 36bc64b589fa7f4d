/** Safety of the chain itself: one block at each height, one certificate's worth of truth, and nothing of it ever lost. */
import type { Hash, Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { Checker, Violate } from '../checker.ts';
import type { Submitted } from '../clients.ts';
import type { SimulatedNode } from '../node.ts';

/** No two honest nodes execute different blocks at one height. */
export function agreement(violate: Violate): Checker {
  const blocks = new Map<Height, { readonly hash: Hash; readonly slot: number }>();
  const compare = (node: SimulatedNode, height: Height, hash: Hash): void => {
    const known = blocks.get(height);
    if (known === undefined) blocks.set(height, { hash, slot: node.slot });
    else if (known.hash !== hash)
      violate(
        `fork at height ${height}: node ${known.slot} has ${short(known.hash)}, node ${node.slot} has ${short(hash)}`,
      );
  };
  return {
    name: 'agreement',
    executed: (node, record, hash) => compare(node, record.header.height, hash),
    finalized: (node, block) => compare(node, block.record.header.height, block.hash),
  };
}

/** No two certificates of one height name different blocks. */
export function certificates(violate: Violate): Checker {
  const certified = new Map<Height, Hash>();
  return {
    name: 'certificates',
    certified(node, { height, blockHash }) {
      const known = certified.get(height);
      if (known === undefined) certified.set(height, blockHash);
      else if (known !== blockHash)
        violate(`two certificates at height ${height}: ${short(known)} and ${short(blockHash)} (node ${node.slot})`);
    },
  };
}

/** Only submitted transactions are executed, each once. */
export function transactions(submitted: ReadonlyMap<Hash, Submitted>, violate: Violate): Checker {
  const seen = new Set<Height>();
  const executed = new Map<Hash, Height>();
  return {
    name: 'transactions',
    finalized(_, { record }) {
      const { height } = record.header;
      if (seen.has(height)) return;
      seen.add(height);
      for (const { transactionId: id } of record.receipts) {
        if (!submitted.has(id)) violate(`transaction ${short(id)} at height ${height} was never submitted`);
        const earlier = executed.get(id);
        if (earlier !== undefined) violate(`transaction ${short(id)} is at heights ${earlier} and ${height}`);
        executed.set(id, height);
      }
    },
  };
}

/** What was final at a node, or called committed by one, is so for ever, whatever crashes. */
export function durability(submitted: ReadonlyMap<Hash, Submitted>, violate: Violate): Checker {
  const final = new Map<number, Height>();
  return {
    name: 'durability',
    finalized({ slot }, { record }) {
      const { height } = record.header;
      const last = final.get(slot) ?? 0;
      if (height > last + 1) violate(`node ${slot} finalized height ${height} after ${last}`);
      final.set(slot, Math.max(last, height) as Height);
    },
    started(node) {
      const { executedHeight: executed, finalHeight } = present(node.driver, 'a driver that runs').status();
      const last = final.get(node.slot) ?? 0;
      // What became final in the batch of the crash is not told again: readers find it in the store.
      final.set(node.slot, Math.max(last, finalHeight) as Height);
      if (executed < last) violate(`node ${node.slot} came back with height ${executed}, it had finalized ${last}`);
    },
    finished() {
      for (const { id, committed, height } of submitted.values())
        if (committed && height === null) violate(`transaction ${short(id)} was called committed and is in no block`);
    },
  };
}

const short = (hash: Hash): string => hash.slice(0, 8);
