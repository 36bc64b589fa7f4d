/**
 * What an onlooker sees who stands beside all miners: every block, where it was found, and which forks are open. A fork opens
 * when a block is found beside another one, and closes when all miners stand on the same of its branches.
 */
import type { Hash } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { PowBlock } from '../pow/block.ts';
import { targetOf, workOf } from '../pow/target.ts';
import { BlockTree } from '../pow/tree.ts';

export type Sight =
  | { readonly kind: 'block'; readonly block: PowBlock; readonly forks: boolean }
  /** `stays`: the first block of the branch that all miners stand on; `left`: those beside it. */
  | { readonly kind: 'closed'; readonly stays: PowBlock; readonly left: readonly PowBlock[] };

const UNBOUNDED = { depthMax: Infinity, blocksMax: Infinity, sideBytesMax: Infinity };

export class History {
  readonly #tree: BlockTree<Hash>;
  readonly #blocks = new Map<Hash, PowBlock>();
  readonly #children = new Map<Hash, PowBlock[]>();
  /** Parents of the forks that are open. */
  readonly #open = new Set<Hash>();
  /** By miner. */
  readonly #tips: Hash[];
  #forks = 0;

  constructor(first: Hash, miners: number) {
    this.#tree = new BlockTree(first, UNBOUNDED);
    this.#tips = Array.from({ length: miners }, () => first);
  }

  /** Blocks that were found. */
  get blocks(): number {
    return this.#blocks.size;
  }

  /** Forks that have opened. */
  get forks(): number {
    return this.#forks;
  }

  get hasOpenFork(): boolean {
    return this.#open.size > 0;
  }

  /** Blocks from the first to this one, oldest first. */
  branch(tip: Hash): readonly PowBlock[] {
    const branch: PowBlock[] = [];
    for (let block = this.#blocks.get(tip); block !== undefined; block = this.#blocks.get(block.header.parent))
      branch.push(block);
    return branch.reverse();
  }

  /** A miner found a block. */
  found(block: PowBlock): Sight {
    const { id, header } = block;
    const target = targetOf(header.bits);
    this.#blocks.set(id, block);
    this.#tree.add(
      id,
      header.parent,
      workOf(present(target.ok ? target.value : null, 'the target of a block that was found')),
    );
    const siblings = this.#children.get(header.parent) ?? [];
    siblings.push(block);
    this.#children.set(header.parent, siblings);
    const forks = siblings.length > 1;
    if (siblings.length === 2) {
      this.#forks += 1;
      this.#open.add(header.parent);
    }
    return { kind: 'block', block, forks };
  }

  /** A miner has another tip. Returns the forks that closed. */
  stands(miner: number, tip: Hash): readonly Sight[] {
    this.#tips[miner] = tip;
    const closed: Sight[] = [];
    for (const parent of this.#open) {
      const branches = present(this.#children.get(parent), 'the branches of a fork');
      const height = present(branches[0], 'a branch').coinbase.height;
      const chosen = new Set(this.#tips.map((each) => this.#tree.ancestor(each, height)?.id));
      const stays = branches.find(({ id }) => chosen.size === 1 && chosen.has(id));
      if (stays === undefined) continue;
      this.#open.delete(parent);
      closed.push({ kind: 'closed', stays, left: branches.filter((branch) => branch !== stays) });
    }
    return closed;
  }
}
