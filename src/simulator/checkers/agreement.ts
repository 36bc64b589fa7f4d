/** Safety of the chain itself: one block at each height, one certificate's worth of truth, and nothing of it ever lost. */
import type { Address, Hash, Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { BlockRecord, Receipt } from '../../ledger/block.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { Submitted } from '../world/clients.ts';
import type { SimulatedNode } from '../world/node.ts';

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
    blockExecuted: (node, record, hash) => compare(node, record.header.height, hash),
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

/** Only submitted transactions are executed, each once, those of a sender in the order of their nonces; bad ones never, and
 *  those that fail with the receipt that says why. */
export function transactions(submitted: ReadonlyMap<Hash, Submitted>, violate: Violate): Checker {
  const seen = new Set<Height>();
  const heightOf = new Map<Hash, Height>();
  const nonces = new Map<Address, number>();
  const look = ({ transactionId: id, code }: Receipt, height: Height): void => {
    const wrong = (what: string): void => violate(`transaction ${short(id)} at height ${height} ${what}`);
    const earlier = heightOf.get(id);
    heightOf.set(id, height);
    const known = submitted.get(id);
    if (known === undefined) return wrong('was never submitted');
    const { sender, nonce, expected } = known;
    if (expected === null) return wrong('may be in no block');
    if (earlier !== undefined) return wrong(`is at height ${earlier} too`);
    if (code !== expected && expected !== 'depends') wrong(`has receipt ${code} in the place of ${expected}`);
    const next = nonces.get(sender) ?? 0;
    if (nonce !== next) wrong(`has nonce ${nonce}, its sender's next is ${next}`);
    nonces.set(sender, nonce + 1);
  };
  const examine = ({ header: { height }, receipts }: BlockRecord): void => {
    if (seen.has(height)) return;
    seen.add(height);
    for (const receipt of receipts) look(receipt, height);
  };
  return {
    name: 'transactions',
    blockExecuted: (_, record) => examine(record),
    finalized: (_, { record }) => examine(record),
  };
}

/** What was final at a node, or called committed by one, is so for ever, whatever crashes. */
export function durability(submitted: ReadonlyMap<Hash, Submitted>, violate: Violate): Checker {
  const final = new Map<number, Height>();
  const stored = new Set<Hash>();
  return {
    name: 'durability',
    blockExecuted(_, { receipts }) {
      for (const { transactionId } of receipts) stored.add(transactionId);
    },
    finalized({ slot }, { record }) {
      const { height } = record.header;
      const last = final.get(slot) ?? 0;
      if (height > last + 1) violate(`node ${slot} finalized height ${height} after ${last}`);
      final.set(slot, Math.max(last, height) as Height);
    },
    started(node) {
      const { finalHeight } = present(node.driver, 'a driver that runs').status();
      const last = final.get(node.slot) ?? 0;
      if (finalHeight < last)
        violate(`node ${node.slot} came back with height ${finalHeight}, it had finalized ${last}`);
      // What became final in the batch of the crash is not told again: readers find it in the store.
      final.set(node.slot, Math.max(last, finalHeight) as Height);
    },
    finished() {
      for (const { id, committed } of submitted.values())
        if (committed && !stored.has(id)) violate(`transaction ${short(id)} was called committed and is in no block`);
    },
  };
}

const short = (hash: Hash): string => hash.slice(0, 8);
