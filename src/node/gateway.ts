/** A running node as the HTTP server wants to see it. */
import { view as asView } from '../base/brand.ts';
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
    peers,
    upgrade,
  } = node.status();
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
    validators: validators.members.map((validator) => {
      const isSelf = validator.index === index;
      const height = isSelf ? executedHeight : peers.get(validator.peerId)?.executedHeight;
      return {
        index: validator.index,
        name: validator.name,
        power: validator.power,
        peerId: validator.peerId,
        connected: isSelf || peers.has(validator.peerId),
        ...(height !== undefined && { height }),
      };
    }),
    followers: followers.map((follower) => {
      const isSelf = follower.peerId === peerId;
      const height = isSelf ? executedHeight : peers.get(follower.peerId)?.executedHeight;
      return {
        ...follower,
        connected: isSelf || peers.has(follower.peerId),
        ...(height !== undefined && { height }),
      };
    }),
    mempool,
    misbehaviour: node.misbehaviour(),
  };
}
