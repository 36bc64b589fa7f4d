/** Whether a node is of use to clients, and if not, why: the sentences an operator reads first. */
import type { ReadinessReason } from '../api/status.ts';
import type { DriverStatus } from '../driver/reports.ts';
import type { PeerId } from '../driver/ports.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { isQuorum, powerOf, requiredPower, validatorAt } from '../ledger/validators.ts';

/** Idle time after which a healthy network has made a block whatever happened, beside `idleBlockMs`: a failed view and the
 *  one after it, in base timeouts. */
const QUIET_TIMEOUTS_MAX = 4;

export interface NodeCondition {
  readonly genesis: Genesis;
  readonly peerId: PeerId;
  readonly status: DriverStatus;
  readonly stopping: boolean;
  /** Why it has halted; null while it has not. */
  readonly halted: Error | null;
  /** Milliseconds since a block became final here, or since the start. */
  readonly quietMs: number;
}

/** Empty when the node is ready. */
export function readinessReasons(node: NodeCondition): readonly ReadinessReason[] {
  if (node.halted !== null) return [{ code: 'HALTED', detail: `this node has halted: ${node.halted.message}` }];
  if (node.stopping) return [{ code: 'STOPPING', detail: 'this node is stopping' }];
  const reasons = [keyInUse(node), missingQuorum(node), catchingUp(node)].filter((reason) => reason !== undefined);
  // Without a quorum there can be no progress; to say so twice explains nothing.
  if (reasons.length > 0) return reasons;
  const stalled = noProgress(node);
  return stalled === undefined ? [] : [stalled];
}

function keyInUse({ status }: NodeCondition): ReadinessReason | undefined {
  if (!status.silenced) return undefined;
  const detail =
    'its key signs votes that it did not cast, on another node or before an older copy of its folder was brought back';
  return { code: 'KEY_IN_USE', detail: `${detail}: it follows, and votes again in the next epoch` };
}

function missingQuorum({ peerId, status }: NodeCondition): ReadinessReason | undefined {
  const { validators: set } = status;
  const missing = set.members.filter((validator) => validator.peerId !== peerId && !status.peers.has(validator.peerId));
  const lacking = powerOf(
    set,
    missing.map(({ index }) => index),
  );
  const connected = set.total - lacking;
  if (isQuorum(set, connected)) return undefined;
  const needed = requiredPower(set);
  const names = missing.map(({ name }) => name).join(', ');
  return {
    code: 'QUORUM_MISSING',
    detail: `connected to power ${connected} of ${set.total}, at least ${needed} is needed; missing: ${names}`,
  };
}

function catchingUp({ status }: NodeCondition): ReadinessReason | undefined {
  const { catchingUpTo: target, executedHeight } = status;
  if (target === null || target <= executedHeight) return undefined;
  const detail = `at height ${executedHeight} of ${target}, ${target - executedHeight} behind`;
  return { code: 'CATCHING_UP', detail };
}

function noProgress({ genesis, status, quietMs }: NodeCondition): ReadinessReason | undefined {
  const { idleBlockMs, baseTimeoutTicks, tickMs } = genesis.consensus;
  if (quietMs <= idleBlockMs + QUIET_TIMEOUTS_MAX * baseTimeoutTicks * tickMs) return undefined;
  const { name } = validatorAt(status.validators, status.primary) ?? { name: 'nobody' };
  const view = status.active ? `view ${status.view}, primary ${name}` : `view ${status.view} is being changed to`;
  return { code: 'NO_PROGRESS', detail: `no block became final for ${Math.floor(quietMs / 1000)} s; ${view}` };
}
