/**
 * The core of Trefoil: one replica of PBFT as a function of its state and one input. It has no clock, no randomness and
 * no I/O; time reaches it as ticks and the network as verified messages. The state is updated in place and belongs to the
 * caller, who gives it to nothing else; the effects are carried out in their order, each `persist` durable before any
 * effect after it.
 */
import type { ValidatorIndex, View } from '../base/brand.ts';
import { unreachable } from '../base/invariant.ts';
import type { Verified } from './authenticate.ts';
import { onCertificate, onCheckpoint, onExecuted, onSynced } from './checkpoint.ts';
import { checkInvariants } from './invariants.ts';
import type { Message } from './messages.ts';
import { onBodyChecked, onVote, propose } from './normal-case.ts';
import { isPrimary, type Replica } from './replica.ts';
import { onStatus, sendStatus } from './status.ts';
import { isTimeToFollow, watchStranded } from './stranded.ts';
import { setDemand, setReach, isStatusDue, statusSent, tick, viewFailed } from './timer.ts';
import type { Effect, Emit, Input, ViewChangeReason } from './transition.ts';
import { moveTo, onNewView, onViewChange } from './view-change.ts';
import { mark } from './marks.ts';

/** Throws InvariantViolation in a state that cannot be: the caller stops before it signs again. */
export function step(replica: Replica, input: Input): readonly Effect[] {
  const effects: Effect[] = [];
  const emit: Emit = (effect) => effects.push(effect);
  handle(replica, input, emit);
  checkInvariants(replica);
  return effects;
}

function handle(replica: Replica, input: Input, emit: Emit): void {
  switch (input.kind) {
    case 'tick':
      onTick(replica, emit);
      if (!isStatusDue(replica)) return;
      mark('R1');
      statusSent(replica);
      return sendStatus(replica, 'all', emit);
    case 'message':
      return onMessage(replica, input.from, input.message, emit);
    case 'demand':
      return setDemand(replica, input.waiting);
    case 'reach':
      return setReach(replica, input.quorum);
    case 'censored':
      if (!replica.active || replica.view !== input.view || isPrimary(replica)) return;
      mark('V13');
      return leave(replica, 'censorship', emit);
    case 'propose':
      return propose(replica, input.view, input.height, input.bodyHash, emit);
    case 'body-checked': {
      const slot = replica.slots.get(input.height);
      if (slot === undefined || slot.body !== 'asked' || slot.prePrepare === null) return;
      const { view, hash } = slot.prePrepare.vote;
      if (view !== input.view || hash !== input.bodyHash) return;
      onBodyChecked(replica, slot, input.valid, emit);
      if (input.valid || !replica.active) return;
      mark('N6');
      leave(replica, 'invalid-body', emit);
      return;
    }
    case 'block-executed':
      return onExecuted(replica, input.height, input.blockHash, emit);
    case 'synced':
      return onSynced(replica, input.certificate, emit);
    case 'proved':
      return onCertificate(replica, input.certificate, emit);
    default:
      unreachable(input);
  }
}

function onTick(replica: Replica, emit: Emit): void {
  const isOver = tick(replica);
  watchStranded(replica);
  if (isTimeToFollow(replica, isOver)) {
    mark('V16');
    return leave(replica, 'stranded', emit);
  }
  if (!isOver) return;
  mark('V1');
  viewFailed(replica);
  leave(replica, 'timeout', emit);
}

function onMessage(replica: Replica, from: ValidatorIndex, message: Verified<Message>, emit: Emit): void {
  switch (message.kind) {
    case 'vote':
      if (message.vote.vote.kind === 'checkpoint') return onCheckpoint(replica, message.vote, emit);
      return onVote(replica, message.vote, emit);
    case 'view-change':
      return onViewChange(replica, message.viewChange, emit);
    case 'new-view':
      return onNewView(replica, message.newView, emit);
    case 'status':
      return onStatus(replica, from, message.status, emit);
    case 'certificate':
      return onCertificate(replica, message.certificate, emit);
    default:
      unreachable(message);
  }
}

const leave = (replica: Replica, reason: ViewChangeReason, emit: Emit): void =>
  moveTo(replica, (replica.view + 1) as View, reason, emit);
