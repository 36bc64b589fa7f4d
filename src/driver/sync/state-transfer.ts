/** The hands of the machine that catches up: asks peers, proves what they answer, and has blocks executed, some in each turn. */
import type { Height } from '../../base/brand.ts';
import type { Coded } from '../../base/result.ts';
import type { Authority } from '../../consensus/authenticate.ts';
import { keysTouched } from '../../ledger/touched.ts';
import { validatorAt } from '../../ledger/validators.ts';
import type { Bodies } from '../bodies/bodies.ts';
import type { Chain } from '../durability/chain.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import type { Observer, PeerId } from '../ports.ts';
import type { SyncBlock } from '../wire/wire.ts';
import type { StateFetching } from '../state/state-fetching.ts';
import type { CatchUp } from './catch-up.ts';
import { type ProvedRange, proveRange } from './proof.ts';

/** What executes blocks and knows who may certify them. */
interface Follower {
  /** What certificates of this epoch are checked against. */
  readonly authority: Authority;
  /** Executes blocks that are proved and come next. */
  follow(range: ProvedRange): void;
}

interface StateTransferContext {
  readonly catchUp: CatchUp;
  readonly chain: Chain;
  readonly stateFetching: Pick<StateFetching, 'isReady'>;
  readonly bodies: Bodies;
  readonly roster: Roster;
  readonly outbox: Outbox;
  readonly observer: Observer;
  readonly protocol: Follower;
  /** Asks for another turn. */
  readonly again: () => void;
}

export class StateTransfer {
  readonly #context: StateTransferContext;

  constructor(context: StateTransferContext) {
    this.#context = context;
  }

  /** A peer without a vote says that it has blocks up to here. */
  claimed(peer: PeerId, height: Height): void {
    const { catchUp, chain } = this.#context;
    if (height > chain.executedHeight) catchUp.behind(height, peer);
  }

  /** Blocks came, in a message of so many bytes; `wasAsked`: the peer was asked for them. What it is to be punished for: errors of
   *  `proveRange`. */
  answered(
    peer: PeerId,
    {
      blocks,
      bytes,
      wasAsked,
    }: { readonly blocks: readonly SyncBlock[]; readonly bytes: number; readonly wasAsked: boolean },
  ): Coded | null {
    const { catchUp, chain, protocol } = this.#context;
    if (!catchUp.accept(peer, blocks, wasAsked)) return null;
    const { executedHeight, state } = chain;
    const fresh = blocks.filter(({ header }) => header.height > executedHeight);
    const first = fresh[0]?.header.height;
    // Several may have been asked, or it came by itself.
    if (first === undefined) return null;
    const isNext = first === executedHeight + 1;
    const parent = { height: (first - 1) as Height, hash: isNext ? state.head.hash : null };
    const checked = proveRange(protocol.authority, parent, fresh);
    if (checked.ok) catchUp.proved(checked.value, bytes, executedHeight);
    else catchUp.refuted(peer);
    return checked.ok ? null : checked.error;
  }

  /** Executes what is here and comes next; the rest in turns to come. */
  follow(): void {
    const { catchUp, chain, stateFetching, observer, protocol, again } = this.#context;
    const from = chain.executedHeight;
    const range = catchUp.take(from, ({ header, body, transactions }) =>
      stateFetching.isReady(() => keysTouched(chain.state.epochs, header.height, body, transactions)),
    );
    if (range === undefined) return;
    protocol.follow(range);
    const to = chain.executedHeight;
    const isThere = catchUp.target(to) === null;
    observer.note(isThere ? { kind: 'caught-up', height: to } : { kind: 'catching-up', from, to });
    if (catchUp.isReady(to)) again();
  }

  /** Asks for what is missing. Called at the end of each turn. */
  ask(tick: number): void {
    const { catchUp, chain, bodies, outbox, protocol } = this.#context;
    const { executedHeight, certified } = chain;
    const next = (executedHeight + 1) as Height;
    if (bodies.isOverdue(next, (certified?.height ?? 0) >= next)) catchUp.overdue(next, this.#holders(next));
    // Blocks of the next epoch can be checked when this one's last certificate is here.
    const { lastHeight } = protocol.authority;
    if (executedHeight >= lastHeight) return;
    for (const { peer, from, to } of catchUp.ask(executedHeight, lastHeight, tick))
      outbox.sendTo(peer, { kind: 'fetch-blocks', from, count: to - from + 1 });
  }

  /** Who must have a block: who signed a certificate of it, or of one above it; who executed it and calls it final, since a liar
   *  may have kept us from the certificate. Others who lack the block may hold its certificate. */
  *#holders(height: Height): Generator<PeerId> {
    const { chain, roster } = this.#context;
    const { certified } = chain;
    if (certified !== null && certified.height >= height) {
      const epoch = chain.state.epochs.of(certified.epoch);
      for (const signer of certified.signers.getTrueBitIndexes()) {
        const validator = epoch && validatorAt(epoch.validators, signer);
        if (validator !== undefined) yield validator.peerId;
      }
    }
    for (const [peer, status] of roster.statuses)
      if (status !== null && Math.min(status.stableHeight, status.executedHeight) >= height) yield peer;
  }
}
