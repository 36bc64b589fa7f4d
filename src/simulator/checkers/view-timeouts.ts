/**
 * How long honest validators wait for a view, by the ticks that they were given and the messages that they got: the
 * timeout doubles with each view in a row that failed, up to the cap and no further, and starts anew where it has to
 * (V5, V6, V14).
 */
import type { Epoch, ValidatorIndex, View } from '../../base/brand.ts';
import type { SignedViewChange } from '../../consensus/messages.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { isQuorum, isWeakQuorum, powerOf } from '../../ledger/validators.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';

/** Ticks between what a node does and what is seen of it. */
const SLACK = 3;
/** Ticks after which a node that was slow has caught up with its inputs. */
const LAG = 40;

/** What is known of one life of a node. Not all is seen: what may be so, and what is so for certain, are kept apart. */
interface Watch {
  epoch: number;
  view: number;
  /** Tick of its VIEW-CHANGE while it awaits the view; null in a view. */
  awaitedSince: number | null;
  /** Tick at which a quorum had moved as far: perhaps, and for certain. */
  quorumAt: { perhaps: number | null; surely: number | null };
  /** Tick at which its clock began at the earliest, once the view has begun here: perhaps while it was awaited. Null
   *  where the beginning was not seen. */
  enteredAt: number | null;
  /** Failed views in a row, the exponent of the timeout: at least, and at most. */
  failures: { least: number; most: number };
  /** Where each validator moved to: by any VIEW-CHANGE, and by those that an honest one sent itself. */
  readonly moved: { readonly perhaps: Moves; readonly surely: Moves };
  /** Last STATUS of each validator. */
  readonly heardAt: Map<ValidatorIndex, number>;
  /** Tick of the last one after a long silence. */
  returnAt: number;
  /** Highest executed height, and that when the view began. */
  executedHeight: number;
  executedHeightAtEntry: number;
}

/** By epoch, the node's own and later ones: messages that were held back come with those of epochs that it does not
 *  know yet. */
type Moves = Map<number, Map<ValidatorIndex, View>>;

interface World {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
}

/** Users know this checker as `patience`. */
export function viewTimeouts({ genesis, epochs }: World, violate: Violate): Checker {
  const watches = new Map<number, Watch>();
  const orders = new Orders(epochs);
  const watchOf = ({ slot, isHonest, validator }: SimulatedNode): Watch | undefined =>
    isHonest && validator !== null ? watches.get(slot) : undefined;
  return {
    name: 'patience',
    started(node) {
      const { epoch = 0, view = 0, active = true } = node.driver?.status() ?? {};
      const watch = newWatch(epoch, view, node.ticks);
      // It had asked for this view before it stopped.
      if (!active) begin(watch, node, view as View, true, epochs);
      watches.set(node.slot, watch);
    },
    sent: (node, message) => orders.sent(node, message),
    blockExecuted(node, { header }) {
      const watch = watchOf(node);
      if (watch !== undefined) onExecuted(watch, header.height, genesis);
    },
    heard(node, from) {
      const watch = watchOf(node);
      if (watch !== undefined && from.validator !== null) onStatus(watch, node, from, from.validator, genesis);
    },
    moved(node, from, signed) {
      const watch = watchOf(node);
      if (watch !== undefined) onMoved(watch, node, from, signed, epochs);
    },
    noted(node, note) {
      const watch = watchOf(node);
      if (watch === undefined || (note.kind !== 'view-change-started' && note.kind !== 'view-entered')) return;
      const isTimeout = note.kind === 'view-change-started' && note.reason === 'timeout';
      enterEpoch(watch, node);
      if (watch.awaitedSince === null && orders.mayHave(watch.epoch, watch.view)) forgive(watch);
      if (node.slowAt + LAG < (watch.awaitedSince ?? watch.enteredAt ?? node.ticks))
        judge(watch, node.ticks, isTimeout, genesis, (text) => violate(`node ${node.slot} ${text}`));
      else forgive(watch);
      if (isTimeout) {
        watch.failures.least += 1;
        watch.failures.most += 1;
      }
      // What came in the same turn may have been looked at after the timeout.
      if (node.ticks - watch.returnAt <= SLACK) forgive(watch);
      begin(watch, node, note.view, note.kind === 'view-change-started', epochs);
    },
  };
}

const newWatch = (epoch: number, view: number, enteredAt: number | null): Watch => ({
  epoch,
  view,
  awaitedSince: null,
  quorumAt: { perhaps: null, surely: null },
  enteredAt,
  failures: { least: 0, most: 0 },
  moved: { perhaps: new Map(), surely: new Map() },
  heardAt: new Map(),
  returnAt: Number.NEGATIVE_INFINITY,
  executedHeight: 0,
  executedHeightAtEntry: 0,
});

/** Each epoch begins with the timeout of a first view. When it began was not seen. */
function enterEpoch(watch: Watch, { driver }: SimulatedNode): void {
  const epoch = driver?.status().epoch ?? watch.epoch;
  if (epoch === watch.epoch) return;
  const { moved, heardAt, returnAt, executedHeight } = watch;
  for (const moves of [moved.perhaps, moved.surely])
    for (const each of moves.keys()) if (each < epoch) moves.delete(each);
  Object.assign(watch, newWatch(epoch, 0, null), { moved, heardAt, returnAt, executedHeight });
}

/** A new interval: it awaits a view, or is in one. */
function begin(watch: Watch, node: SimulatedNode, view: View, awaits: boolean, epochs: Epochs): void {
  const clockAt = watch.awaitedSince !== null && watch.view === view ? watch.quorumAt.perhaps : null;
  watch.view = view;
  watch.awaitedSince = awaits ? node.ticks : null;
  watch.enteredAt = awaits ? null : (clockAt ?? node.ticks);
  watch.executedHeightAtEntry = watch.executedHeight;
  watch.quorumAt = { perhaps: null, surely: null };
  lookForQuorum(watch, node, epochs);
}

/** In which views something may have been ordered, whether or not its transactions are here to execute it. */
class Orders {
  readonly #epochs: Epochs;
  readonly #views = new Set<string>();
  readonly #commits = new Map<string, Set<ValidatorIndex>>();

  constructor(epochs: Epochs) {
    this.#epochs = epochs;
  }

  /** With the votes of liars the COMMITs of a third of the power are a quorum. */
  sent({ isHonest }: SimulatedNode, message: PeerMessage): void {
    if (!isHonest || message.kind !== 'vote' || message.vote.vote.kind !== 'commit') return;
    const { epoch, view, height, hash } = message.vote.vote;
    if (this.mayHave(epoch, view)) return;
    const place = `${epoch}/${view}/${height}/${hash}`;
    const voters = (this.#commits.get(place) ?? new Set()).add(message.vote.voter);
    this.#commits.set(place, voters);
    const validators = this.#epochs.of(epoch)?.validators;
    if (validators === undefined || !isWeakQuorum(validators, powerOf(validators, voters))) return;
    this.#views.add(`${epoch}/${view}`);
    this.#commits.delete(place);
  }

  mayHave(epoch: number, view: number): boolean {
    return this.#views.has(`${epoch}/${view}`);
  }
}

/** Anything may have been forgotten: it was too slow to be judged, ordered without our seeing it, or heard of
 *  somebody. */
function forgive({ failures }: Watch): void {
  failures.least = 0;
}

function onExecuted(watch: Watch, height: number, { consensus }: Genesis): void {
  watch.executedHeight = height;
  watch.failures.least = 0;
  // What is that far above what was executed when the view began was ordered in the view.
  if (watch.awaitedSince === null && height > watch.executedHeightAtEntry + 2 * consensus.window)
    watch.failures.most = 0;
}

function onStatus(
  watch: Watch,
  node: SimulatedNode,
  from: SimulatedNode,
  validator: ValidatorIndex,
  { consensus }: Genesis,
): void {
  const silence = node.ticks - (watch.heardAt.get(validator) ?? Number.NEGATIVE_INFINITY);
  if (isHeard(node, from)) watch.heardAt.set(validator, node.ticks);
  if (silence < consensus.timeoutCapTicks - SLACK) return;
  watch.returnAt = node.ticks;
  forgive(watch);
}

function onMoved(
  watch: Watch,
  node: SimulatedNode,
  from: SimulatedNode,
  { viewChange }: SignedViewChange,
  epochs: Epochs,
): void {
  const { voter, epoch, view } = viewChange;
  const raise = (moves: Moves): void => {
    const inEpoch = moves.get(epoch) ?? new Map<ValidatorIndex, View>();
    if ((inEpoch.get(voter) ?? -1) < view) moves.set(epoch, inEpoch.set(voter, view));
  };
  enterEpoch(watch, node);
  if (epoch < watch.epoch) return;
  raise(watch.moved.perhaps);
  if (from.isHonest && from.validator === voter && watch.epoch === epoch && isHeard(node, from))
    raise(watch.moved.surely);
  lookForQuorum(watch, node, epochs);
}

/** Whether the node looks at it in its next turn: what a peer cannot pay for waits. */
const isHeard = ({ driver }: SimulatedNode, { peerId }: SimulatedNode): boolean => driver?.isHeard(peerId) ?? true;

function lookForQuorum(watch: Watch, { validator, ticks }: SimulatedNode, epochs: Epochs): void {
  const validators = epochs.of(watch.epoch as Epoch)?.validators;
  if (watch.awaitedSince === null || validators === undefined) return;
  for (const kind of ['perhaps', 'surely'] as const) {
    if (watch.quorumAt[kind] !== null) continue;
    const isThere = (index: ValidatorIndex): boolean => {
      const view = watch.moved[kind].get(watch.epoch)?.get(index);
      return index === validator || (view !== undefined && view >= watch.view);
    };
    const there = validators.members.map(({ index }) => index).filter(isThere);
    if (isQuorum(validators, powerOf(validators, there))) watch.quorumAt[kind] = ticks;
  }
}

/** The end of an interval at this tick: whether it came in time, neither too early nor too late. */
function judge(watch: Watch, tick: number, isTimeout: boolean, { consensus }: Genesis, violate: Violate): void {
  const { awaitedSince, quorumAt, failures, view } = watch;
  const { baseTimeoutTicks, timeoutCapTicks } = consensus;
  const timeout = (failed: number): number => Math.min(baseTimeoutTicks * 2 ** failed, timeoutCapTicks);
  if (awaitedSince !== null) {
    // Alone for a base timeout: nobody was to blame.
    if ((quorumAt.surely ?? tick) - awaitedSince >= baseTimeoutTicks - SLACK) failures.least = 0;
    if ((quorumAt.perhaps ?? tick) - awaitedSince >= baseTimeoutTicks + SLACK) failures.most = 0;
  }
  const since = awaitedSince === null ? watch.enteredAt : quorumAt.perhaps;
  if (isTimeout && awaitedSince !== null && since === null)
    return violate(`gave up on view ${view}, to which no quorum had moved`);
  if (isTimeout && since !== null && tick - since + SLACK < timeout(failures.least))
    violate(`gave up on view ${view} after ${tick - since} ticks, the timeout is ${timeout(failures.least)}`);
  if (awaitedSince !== null && quorumAt.surely !== null && tick - quorumAt.surely - SLACK > timeout(failures.most))
    violate(`awaited view ${view} for ${tick - quorumAt.surely} ticks, the timeout is ${timeout(failures.most)}`);
}
