/**
 * One node of a proof-of-work network, as a machine: an input in, effects out, in order. It has no clock and no hands: the
 * caller says what time it is, searches nonces, and carries messages. The same machine runs in threads that mine, and in
 * simulations, where chance says who finds a block.
 *
 * What another node sends, as bytes, becomes a block by `readBlock` (block.ts) and a transaction by `identifyTransaction`.
 */
import type { Hash, ValidatorIndex } from '../base/brand.ts';
import { ForgetfulMap } from '../base/bounded.ts';
import { unreachable } from '../base/invariant.ts';
import type { LedgerState } from '../ledger/state/ledger-state.ts';
import type { IdentifiedTransaction } from '../ledger/transaction.ts';
import { checkTransactionStateless } from '../ledger/transaction-rules.ts';
import { blockOf, type PowBlock, rootOf, type Template } from './block.ts';
import { Chain, type Change, type ChainSettings, type RefusalCode } from './chain.ts';
import { earliestTime, nextBits } from './difficulty.ts';
import { VERSION } from './header.ts';
import { ORPHAN_BYTES_MAX, ORPHANS_MAX, POOL_TRANSACTIONS_MAX } from './limits.ts';
import { type Lost, Orphans, type Peer } from './orphans.ts';
import { Pool } from './pool.ts';
import { Wishes } from './wishes.ts';

export type NodeInput =
  /** A peer sent a block, asked for or not. */
  | { readonly kind: 'block'; readonly from: Peer; readonly block: PowBlock }
  /** A peer sent a transaction; null: a client of this node did. */
  | { readonly kind: 'transaction'; readonly from: Peer | null; readonly item: IdentifiedTransaction }
  /** A peer has this block. */
  | { readonly kind: 'announced'; readonly from: Peer; readonly id: Hash }
  /** A peer asks for this block. */
  | { readonly kind: 'ask'; readonly from: Peer; readonly id: Hash }
  /** Answer to `mine`: a nonce was found. */
  | { readonly kind: 'found'; readonly template: Template; readonly nonce: number }
  /** Answer to `mine`: all nonces were tried; or what is mined shall have newer transactions and a newer time. */
  | { readonly kind: 'renew' };

export type NodeEffect =
  /** Null: to all peers. */
  | { readonly kind: 'send-block'; readonly to: Peer | null; readonly block: PowBlock }
  | { readonly kind: 'send-transaction'; readonly except: Peer | null; readonly item: IdentifiedTransaction }
  /** To all peers but one: this node has a block. Who lacks it asks. */
  | { readonly kind: 'announce'; readonly except: Peer; readonly id: Hash }
  | { readonly kind: 'ask'; readonly to: Peer; readonly id: Hash }
  /** Search a nonce for this, and for no earlier one. */
  | { readonly kind: 'mine'; readonly template: Template }
  /** A block found its place in the tree; `isTip`: it is the best now. */
  | { readonly kind: 'connected'; readonly block: PowBlock; readonly isTip: boolean }
  /** The best branch is another one. `depth`: blocks that were undone; `takenBack`: transactions in them that are in no block of
   *  the branch any more. */
  | { readonly kind: 'reorganised'; readonly depth: number; readonly takenBack: readonly IdentifiedTransaction[] }
  | { readonly kind: 'refused'; readonly from: Peer; readonly id: Hash; readonly code: RefusalCode };

export interface NodeSettings extends ChainSettings {
  /** Number of this miner. Two that share one would search the same hashes. */
  readonly miner: number;
}

export class PowNode {
  readonly #settings: NodeSettings;
  readonly #chain: Chain;
  readonly #pool = new Pool();
  readonly #orphans = new Orphans({ countMax: ORPHANS_MAX, bytesMax: ORPHAN_BYTES_MAX });
  readonly #wishes = new Wishes();
  /** Transactions whose signature was checked: most come alone first, and then in a block or two. */
  readonly #signed = new ForgetfulMap<Hash, true>(2 * POOL_TRANSACTIONS_MAX);
  #templates = 0;

  constructor(settings: NodeSettings) {
    this.#settings = settings;
    this.#chain = new Chain({ ...settings, isSigned: (item) => this.#isSigned(item) });
  }

  get tip(): { readonly id: Hash; readonly height: number; readonly chainWork: bigint } {
    return this.#chain.tree.tip;
  }

  /** The ledger after the best block. For reading. */
  get state(): LedgerState {
    return this.#chain.state;
  }

  /** See Chain. */
  confirmations(transaction: Hash): number | null {
    return this.#chain.confirmations(transaction);
  }

  /** Transactions that wait for a block. */
  get waiting(): number {
    return this.#pool.size;
  }

  /** `nowS`: seconds since 1970, by this node's clock. */
  step(input: NodeInput, nowS: number): readonly NodeEffect[] {
    switch (input.kind) {
      case 'block':
        return this.#takeBlock(input.block, input.from, nowS);
      case 'transaction':
        return this.#takeTransaction(input.item, input.from);
      case 'announced':
        return this.#seek(input.from, input.id);
      case 'ask': {
        const block = this.#chain.block(input.id);
        return block === undefined ? [] : [{ kind: 'send-block', to: input.from, block }];
      }
      case 'found':
        return this.#takeBlock(blockOf(input.template, input.nonce), null, nowS);
      case 'renew':
        return [{ kind: 'mine', template: this.#template(nowS) }];
      default:
        return unreachable(input);
    }
  }

  /** The next block on the way to this one, asked of a peer that has this one. Every such peer is asked, not only the first: that
   *  one may never answer, and then the block would wait for ever. */
  #ask(peer: Peer, id: Hash): NodeEffect[] {
    const next = this.#missing(id);
    if (this.#chain.knows(next)) return [];
    this.#wishes.asked(peer, next);
    return [{ kind: 'ask', to: peer, id: next }];
  }

  #missing(id: Hash): Hash {
    return this.#orphans.missing(id, (other) => this.#chain.has(other));
  }

  /** A peer has this block. */
  #seek(peer: Peer, id: Hash): NodeEffect[] {
    if (this.#chain.knows(id)) return [];
    this.#wishes.announced(peer, id);
    return this.#ask(peer, id);
  }

  /** `from`: null of our own. */
  #takeBlock(first: PowBlock, from: Peer | null, nowS: number): readonly NodeEffect[] {
    const effects: NodeEffect[] = [];
    const changes: Change[] = [];
    const lost: Lost[] = [];
    const isAnswer = from !== null && this.#wishes.askedOf(from) === first.id;
    // A block may be what others wait for, and those what again others do.
    const waiting: { readonly block: PowBlock; readonly from: Peer | null }[] = [{ block: first, from }];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { block } = next;
      const sender = this.#orphans.senderOf(block.id);
      if (sender !== null) {
        if (next.from !== null && next.from !== sender) effects.push(...this.#ask(next.from, block.id));
        continue;
      }
      const verdict = this.#chain.add(block, nowS, () => this.#orphans.workAbove(block.id));
      if (verdict.kind === 'tip' || verdict.kind === 'side') {
        effects.push({ kind: 'connected', block, isTip: verdict.kind === 'tip' });
        effects.push(announcement(block, next.from));
        this.#orphans.drop(block.id);
        waiting.push(...this.#orphans.takeChildren(block.id));
        lost.push(...this.#orphans.lostChildren(block.id));
      }
      if (verdict.kind === 'tip') changes.push(verdict.change);
      if (verdict.kind === 'orphan' && next.from !== null) effects.push(...this.#takeOrphan(block, next.from));
      if (verdict.kind === 'refused') {
        this.#endBranch(block.id, verdict.code);
        if (next.from !== null) effects.push({ kind: 'refused', from: next.from, id: block.id, code: verdict.code });
      }
    }
    effects.push(...this.#goOn(first.id, from, lost, isAnswer));
    if (changes.length > 0) effects.push(...this.#follow(changes, nowS));
    return effects;
  }

  #takeOrphan(block: PowBlock, from: Peer): readonly NodeEffect[] {
    this.#orphans.add(block, from);
    if (!this.#orphans.has(block.id)) return [];
    const newest = this.#wishes.newestOf(from);
    if (newest === null || this.#chain.knows(newest)) this.#wishes.announced(from, block.id);
    return this.#ask(from, block.id);
  }

  /** Asks on after a block that has found its place, now or before. First for what comes next on it and lost its content: of the
   *  one that sent that content, and of the peer that has just sent something, which is there and answers. Then for what is missing
   *  to the newest block of this peer, where it was asked for nothing that it sent itself: what waits may be of another peer's
   *  making, and this one never have it. */
  #goOn(id: Hash, from: Peer | null, lost: readonly Lost[], isAnswer: boolean): readonly NodeEffect[] {
    const newest = from === null ? null : this.#wishes.newestOf(from);
    const further = newest === null || this.#chain.knows(newest) ? null : this.#missing(newest);
    const isOnItsWay = (isAnswer && this.#chain.has(id)) || lost.some((each) => each.id === further);
    const goesOn = further !== null && isOnItsWay && lost.every((each) => each.from !== from);
    const effects: NodeEffect[] = [];
    for (const { id: next, from: owner } of lost) {
      effects.push(...this.#ask(owner, next));
      if (from === null || from === owner || (goesOn && next === further)) continue;
      // Beside what it was asked for last, which is not forgotten for this.
      effects.push({ kind: 'ask', to: from, id: next });
    }
    return from === null || !goesOn ? effects : [...effects, ...this.#ask(from, further)];
  }

  /** Drops what waits for a refused block, where it waits in vain: the block is invalid, or has no place in the tree. Other refusals
   *  do not say so: anybody can send the header of a good block with another content, what is too far ahead of the clock is so for
   *  a while only, and a branch that is too light may become heavier by what waits. */
  #endBranch(id: Hash, code: RefusalCode): void {
    if (code !== 'NO_ROOM' && !this.#chain.knows(id)) return;
    this.#orphans.drop(id);
    const dropped = this.#orphans.dropBranch(id);
    if (code === 'TOO_DEEP') this.#chain.refuseDeep(dropped);
  }

  /** The tip is another one. */
  #follow(changes: readonly Change[], nowS: number): readonly NodeEffect[] {
    const effects: NodeEffect[] = [];
    const lost: IdentifiedTransaction[] = [];
    for (const { undone, takenBack } of changes) {
      // Of several blocks at once a later one may hold again what an earlier one took back.
      const stays = takenBack.filter(({ id }) => this.#chain.confirmations(id) === null);
      lost.push(...stays);
      if (undone.length > 0) effects.push({ kind: 'reorganised', depth: undone.length, takenBack: stays });
    }
    // Once for all of them: it looks at every transaction that waits.
    this.#pool.follow(lost, this.#chain.state);
    effects.push({ kind: 'mine', template: this.#template(nowS) });
    return effects;
  }

  #takeTransaction(item: IdentifiedTransaction, from: Peer | null): readonly NodeEffect[] {
    if (this.#pool.get(item.id) !== undefined) return [];
    const fits = checkTransactionStateless(item.signed, this.#settings.genesis).ok && this.#isSigned(item);
    if (!fits || !this.#pool.add(item, this.#chain.state).ok) return [];
    return [{ kind: 'send-transaction', except: from, item }];
  }

  #template(nowS: number): Template {
    const { rules, miner } = this.#settings;
    const { tip } = this.#chain.tree;
    const { lineage, state } = this.#chain;
    const transactions = this.#pool.select(state);
    this.#templates += 1;
    const coinbase = { height: tip.height + 1, miner: miner as ValidatorIndex, extraNonce: this.#templates };
    const root = rootOf(
      coinbase,
      transactions.map(({ id }) => id),
    );
    const time = Math.max(Math.floor(nowS), earliestTime(lineage, rules));
    const header = { version: VERSION, parent: tip.id, root, time, bits: nextBits(lineage, rules), nonce: 0 };
    return { header, coinbase, transactions };
  }

  #isSigned(item: IdentifiedTransaction): boolean {
    if (this.#signed.has(item.id)) return true;
    if (!this.#settings.isSigned(item)) return false;
    this.#signed.set(item.id, true);
    return true;
  }
}

/** Our own block goes to everybody at once, since each moment counts; of another's they are told that it is here. */
const announcement = (block: PowBlock, from: Peer | null): NodeEffect =>
  from === null ? { kind: 'send-block', to: null, block } : { kind: 'announce', except: from, id: block.id };
