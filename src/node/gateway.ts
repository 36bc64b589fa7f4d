/** A running node as the HTTP server wants to see it. */
import { view as asView } from '../base/brand.ts';
import type { DriverStatus } from '../driver/reports.ts';
import type { RunningNode } from './node.ts';
import type { Gateway, NodeStatus } from '../rpc/gateway.ts';
import { VERSION } from './version.ts';

export function gatewayOf(node: RunningNode): Gateway {
  const { reader, state } = node;
  return {
    submit: (signedBytes) => Promise.all(signedBytes.map((bytes) => node.submit(bytes))),
    transaction: (id) => reader.transaction(id),
    waitFor: (id, timeoutMs, signal) => reader.waitFor(id, timeoutMs, signal),
    account: (address) => node.account(address),
    block: (height) => reader.block(height),
    blockWith: (height, traces) => reader.blockWith(height, traces),
    nextHeight: (from) => reader.nextHeight(from),
    handOver: (epoch) => node.reader.handOver(epoch),
    state,
    readMicros: () => reader.micros + state.micros,
    status: () => statusOf(node),
    readiness: () => node.readiness(),
    offences: () => node.offences(),
    subscribe: (listener) => node.subscribe(listener),
  };
}

function statusOf(node: RunningNode): NodeStatus {
  const { genesis, peerId } = node;
  const status = node.status();
  const {
    epoch,
    validators,
    followers,
    self: index,
    view,
    active,
    primary,
    executedHeight,
    finalHeight,
    finalHash,
    mempool,
    upgrade,
  } = status;
  return {
    chainId: genesis.chainId,
    name: genesis.name,
    fixed: {
      mode: genesis.consensus.mode,
      window: genesis.consensus.window,
      blockWeightMax: genesis.ledger.blockWeightMax,
    },
    dev: genesis.dev,
    version: VERSION,
    upgrade,
    index,
    peerId,
    epoch,
    view: asView(view),
    active,
    primary,
    height: executedHeight,
    finalHeight,
    oldestHeight: node.oldestState(),
    blockHash: finalHash,
    validators: validators.members.map(({ index: of, name, power, peerId: other }) => {
      return { index: of, power, ...asSeen(status, { name, peerId: other }, of === index) };
    }),
    followers: followers.map((follower) => asSeen(status, follower, follower.peerId === peerId)),
    mempool,
    misbehaviour: node.misbehaviour(),
  };
}

/** A node of the network as this one sees it. */
function asSeen(
  { peers, executedHeight }: Pick<DriverStatus, 'peers' | 'executedHeight'>,
  { name, peerId }: { readonly name: string; readonly peerId: string },
  isSelf: boolean,
): NodeStatus['followers'][number] {
  const height = isSelf ? executedHeight : peers.get(peerId)?.executedHeight;
  return { name, peerId, connected: isSelf || peers.has(peerId), ...(height !== undefined && { height }) };
}
