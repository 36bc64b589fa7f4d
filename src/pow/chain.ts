/**
 * One node's view of the chain: the tree of blocks, and the ledger after the best branch. When another branch becomes the best,
 * the ledger goes back, block by block, to where the two part, and forward again. A block is executed when its branch becomes
 * the best one, not before; if it then proves to be invalid, it leaves the tree with all that stand on it.
 */
import type { Hash } from '../base/brand.ts';
import { ForgetfulMap } from '../base/bounded.ts';
import { present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { execute } from '../ledger/execute.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { advance, genesisState, type LedgerState } from '../ledger/state/ledger-state.ts';
import type { MemoryState } from '../ledger/state/memory-state.ts';
import type { IdentifiedTransaction } from '../ledger/transaction.ts';
import { type AloneCode, bodyOf, checkBlockAlone, firstHeader, type PowBlock, type PowRules } from './block.ts';
import { earliestTime, firstLineage, type Lineage, nextBits, nextLineage } from './difficulty.ts';
import { headerId } from './header.ts';
import { isTooLight } from './branch-work.ts';
import { BRANCH_DEPTH_MAX, INVALID_MAX, sideBytesMax, TOO_DEEP_MAX, TREE_BLOCKS_MAX } from './limits.ts';
import { workOfBits } from './target.ts';
import { BlockTree, type TreeLimits } from './tree.ts';

export interface ChainSettings {
  readonly genesis: Genesis;
  /** Of the first period, see target.ts. */
  readonly firstBits: number;
  readonly rules: PowRules;
  /** Whether the sender signed it. */
  readonly isSigned: (item: IdentifiedTransaction) => boolean;
  /** Others than the room's own, in tests and where a study wants none. */
  readonly limits?: TreeLimits;
}

type ContextCode = 'BAD_HEIGHT' | 'BAD_BITS' | 'TIME_TOO_EARLY' | 'TIME_TOO_FAR';
export type RefusalCode =
  | AloneCode
  | ContextCode
  | 'KNOWN_INVALID'
  | 'INVALID_PARENT'
  | 'TOO_DEEP'
  | 'NO_ROOM'
  | 'BRANCH_TOO_LIGHT'
  | 'BAD_SIGNATURE'
  | 'TRANSACTION_SKIPPED';

/** Refusals that say nothing against a block, nor against who sent it: it has only no place here. They are ordinary, and honest
 *  nodes come to them with one another. */
const WITHOUT_FAULT: ReadonlySet<RefusalCode> = new Set(['TOO_DEEP', 'NO_ROOM', 'BRANCH_TOO_LIGHT']);
export const isFault = (code: RefusalCode): boolean => !WITHOUT_FAULT.has(code);

/** Refusals that say nothing of an id. The same header may come with the content that it binds; and what has no work behind it is
 *  not worth a place in memory, since anybody makes as many of those as they like. All others are of this id for good: the root
 *  binds every transaction and their order, and no other list has the same root (block.ts). */
const NOT_OF_THE_ID: ReadonlySet<RefusalCode> = new Set(['BAD_TARGET', 'TOO_LITTLE_WORK', 'ROOT_MISMATCH']);

/** What came of a block. `side`: it is on a branch that is not the best. */
export type Verdict =
  | { readonly kind: 'known' | 'orphan' | 'side' }
  | { readonly kind: 'tip'; readonly change: Change }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string };

/** How the best branch changed. */
export interface Change {
  /** Blocks that are no longer on it, newest first. None where the chain only grew. */
  readonly undone: readonly PowBlock[];
  /** Blocks that now are, oldest first. */
  readonly applied: readonly PowBlock[];
  /** Transactions that stood in the former and stand in none of the latter, oldest first. */
  readonly takenBack: readonly IdentifiedTransaction[];
}

interface Known {
  /** Null of the first block, which has no content. */
  readonly block: PowBlock | null;
  readonly lineage: Lineage;
}

/** The ledger's state before a block. The tree of the history is never changed, only replaced, so that keeping the old one is enough. */
interface Undo extends Pick<LedgerState, 'head' | 'history'> {
  /** Gives entries and tree back what the block changed. */
  readonly restore: () => void;
}

export class Chain {
  readonly #settings: ChainSettings;
  readonly #tree: BlockTree<Hash>;
  readonly #state: LedgerState & { readonly source: MemoryState };
  readonly #known = new Map<Hash, Known>();
  /** By block, of those that the state stands on. */
  readonly #undo = new Map<Hash, Undo>();
  /** Height of the block, of transactions in those. */
  readonly #heights = new Map<Hash, number>();
  readonly #invalid = new ForgetfulMap<Hash, true>(INVALID_MAX);
  /** The root of the tree only rises, so what began too deep once does so for ever. */
  readonly #tooDeep = new ForgetfulMap<Hash, true>(TOO_DEEP_MAX);
  /** The block after which the state is this. Between two calls it is the tip. */
  #at: Hash;

  constructor(settings: ChainSettings) {
    const first = firstHeader(settings.genesis, settings.firstBits);
    this.#settings = settings;
    this.#state = genesisState(settings.genesis);
    this.#at = headerId(first);
    this.#tree = new BlockTree(this.#at, settings.limits ?? limitsOf(settings.genesis));
    this.#known.set(this.#at, { block: null, lineage: firstLineage(first) });
  }

  /** Blocks by work alone. For reading. */
  get tree(): Omit<BlockTree<Hash>, 'add' | 'remove' | 'prune'> {
    return this.#tree;
  }

  /** The ledger after the best block. For reading. */
  get state(): LedgerState {
    return this.#state;
  }

  /** Whether there is nothing new to hear of a block: it is in the tree, or refused for good. */
  knows(id: Hash): boolean {
    return this.#known.has(id) || this.#invalid.has(id) || this.#tooDeep.has(id);
  }

  has(id: Hash): boolean {
    return this.#known.has(id);
  }

  /** These stand on a block that was refused because its branch begins too deep. */
  refuseDeep(ids: readonly Hash[]): void {
    for (const id of ids) this.#tooDeep.set(id, true);
  }

  /** Undefined of blocks that are not in the tree, and of the first one. */
  block(id: Hash): PowBlock | undefined {
    return this.#known.get(id)?.block ?? undefined;
  }

  /** What the next block on the best one is held to. */
  get lineage(): Lineage {
    return present(this.#known.get(this.#at), 'the tip').lineage;
  }

  /** Blocks of the best branch from the one with this transaction on: 1 when it stands in the tip. Null where it stands in none,
   *  or so deep that it was forgotten. */
  confirmations(transaction: Hash): number | null {
    const height = this.#heights.get(transaction);
    return height === undefined ? null : this.#tree.tip.height - height + 1;
  }

  /** Takes in a block. `nowS`: seconds since 1970, by the caller's clock. `waitingWork`: of blocks that wait for this one, on the
   *  heaviest branch of them. */
  add(block: PowBlock, nowS: number, waitingWork: () => bigint = () => 0n): Verdict {
    const { id, header, coinbase } = block;
    if (this.#known.has(id)) return { kind: 'known' };
    if (this.#invalid.has(id)) return refused('KNOWN_INVALID', `${id} was refused before`);
    if (this.#tooDeep.has(id)) return refused('TOO_DEEP', `${id} was refused before`);
    const alone = checkBlockAlone(block, this.#settings.rules, this.#settings.genesis);
    if (!alone.ok) {
      const { code, message } = alone.error;
      return NOT_OF_THE_ID.has(code) ? refused(code, message) : this.#refuse(id, code, message);
    }
    if (this.#invalid.has(header.parent)) return this.#refuse(id, 'INVALID_PARENT', 'its parent was refused');
    const { root } = this.#tree;
    if (coinbase.height <= root.height || this.#tooDeep.has(header.parent)) {
      this.#tooDeep.set(id, true);
      return refused('TOO_DEEP', `height ${coinbase.height}; branches begin at ${root.height} or later`);
    }
    const parent = this.#known.get(header.parent);
    if (parent === undefined) return { kind: 'orphan' };
    const fits = this.#checkInContext(block, parent.lineage, nowS);
    // What is too far ahead today is not so tomorrow.
    if (!fits.ok && fits.error.code === 'TIME_TOO_FAR') return { kind: 'refused', ...fits.error };
    if (!fits.ok) return this.#refuse(id, fits.error.code, fits.error.message);
    const work = workOfBits(header.bits);
    if (isTooLight(this.#tree, header.parent, work, waitingWork))
      return refused('BRANCH_TOO_LIGHT', `${id} is on a branch with too little work for its length`);
    const unsigned = block.transactions.find((item) => !this.#settings.isSigned(item));
    if (unsigned !== undefined) return this.#refuse(id, 'BAD_SIGNATURE', `${unsigned.id} is not signed by its sender`);

    const before = this.#at;
    this.#known.set(id, { block, lineage: nextLineage(parent.lineage, header, this.#settings.rules) });
    const place = this.#tree.add(id, header.parent, work, block.bytes.length);
    const invalid = this.#follow();
    if (invalid !== null) return refused(invalid.code, invalid.message);
    const verdict: Verdict = place === 'tip' ? { kind: 'tip', change: this.#change(before) } : { kind: 'side' };
    for (const forgotten of this.#tree.prune(id)) this.#forget(forgotten);
    // Whoever is told that it was taken in tells others, and asks for it again with each block that stands on it.
    if (!this.#known.has(id))
      return refused('NO_ROOM', `the tree is full, and ${id} is on a branch of too little work`);
    return verdict;
  }

  #checkInContext(
    { header, coinbase }: PowBlock,
    parent: Lineage,
    nowS: number,
  ): Result<void, { readonly code: ContextCode; readonly message: string }> {
    const { rules } = this.#settings;
    if (coinbase.height !== parent.height + 1)
      return fail('BAD_HEIGHT', `height ${coinbase.height} on a block of height ${parent.height}`);
    const bits = nextBits(parent, rules);
    if (header.bits !== bits) return fail('BAD_BITS', `bits ${header.bits}, ${bits} would be right`);
    const earliest = earliestTime(parent, rules);
    if (header.time < earliest) return fail('TIME_TOO_EARLY', `time ${header.time}, ${earliest} at the earliest`);
    const latest = Math.floor(nowS) + rules.futureS;
    if (header.time > latest) return fail('TIME_TOO_FAR', `time ${header.time}, ${latest} at the latest`);
    return ok(undefined);
  }

  #refuse(id: Hash, code: RefusalCode, message: string): Verdict {
    this.#invalid.set(id, true);
    return refused(code, message);
  }

  /** Brings the state to the tip of the tree. Returns what was wrong with the first block that could not be executed, if any. */
  #follow(): { readonly code: RefusalCode; readonly message: string } | null {
    let invalid: { readonly code: RefusalCode; readonly message: string } | null = null;
    while (this.#at !== this.#tree.tip.id) {
      const { undo, redo } = this.#tree.path(this.#at, this.#tree.tip.id);
      for (const id of undo) this.#undoBlock(id);
      for (const id of redo) {
        const applied = this.#applyBlock(id);
        if (applied.ok) continue;
        invalid ??= applied.error;
        for (const removed of this.#tree.remove(id)) {
          this.#known.delete(removed);
          this.#invalid.set(removed, true);
        }
        break;
      }
    }
    return invalid;
  }

  /** Error: TRANSACTION_SKIPPED. PBFT orders before it executes, so there such a transaction is only left out. A miner knows the
   *  state: what it puts in all the same takes room and pays nothing. */
  #applyBlock(id: Hash): Result<void, { readonly code: 'TRANSACTION_SKIPPED'; readonly message: string }> {
    const block = present(present(this.#known.get(id), 'a block to execute').block, 'its content');
    const state = this.#state;
    const executed = execute(state, bodyOf(block), block.transactions);
    const [skipped] = executed.skipped;
    if (skipped !== undefined) return fail('TRANSACTION_SKIPPED', `${skipped.id} cannot be executed: ${skipped.code}`);
    const { head, history, source } = state;
    this.#undo.set(id, { head, history, restore: source.undoing(executed.delta) });
    advance(state, executed);
    for (const item of block.transactions) this.#heights.set(item.id, block.coinbase.height);
    this.#at = id;
    return ok(undefined);
  }

  #undoBlock(id: Hash): void {
    const { restore, head, history } = present(this.#undo.get(id), 'what undoes a block');
    const block = present(this.block(id), 'a block to undo');
    restore();
    Object.assign(this.#state, { head, history });
    for (const item of block.transactions) this.#heights.delete(item.id);
    this.#undo.delete(id);
    this.#at = block.header.parent;
  }

  #change(before: Hash): Change {
    const { undo, redo } = this.#tree.path(before, this.#at);
    const blockOf = (id: Hash): PowBlock => present(this.block(id), 'a block of a path');
    const undone = undo.map(blockOf);
    const stood = undone.toReversed().flatMap(({ transactions }) => transactions);
    return { undone, applied: redo.map(blockOf), takenBack: stood.filter(({ id }) => !this.#heights.has(id)) };
  }

  #forget(id: Hash): void {
    if (this.#undo.delete(id)) for (const item of this.block(id)?.transactions ?? []) this.#heights.delete(item.id);
    this.#known.delete(id);
  }
}

const refused = (code: RefusalCode, message: string): Verdict => ({ kind: 'refused', code, message });

const limitsOf = ({ ledger }: Genesis): TreeLimits => ({
  depthMax: BRANCH_DEPTH_MAX,
  blocksMax: TREE_BLOCKS_MAX,
  sideBytesMax: sideBytesMax(ledger.blockWeightMax),
});
