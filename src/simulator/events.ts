/** What happens to a node, told to the trace and to the checkers. */
import { offenceOf } from '../ledger/offence.ts';
import { present, unreachable } from '../base/invariant.ts';
import type { DriverNote, FinalizedBlock, Observer, PeerId } from '../driver/ports.ts';
import { areSigned, decodePeerMessage } from '../driver/wire/wire.ts';
import type { DiskWatch } from './checkers/disk-watch.ts';
import type { Checker } from './world/checker.ts';
import type { Connections } from './world/connections.ts';
import type { NodeEvents } from './world/node-events.ts';
import type { SimulatedNode } from './world/node.ts';
import type { Streams } from './world/streams.ts';

/** As much of the simulation as is needed here. */
interface Stage {
  readonly nodes: readonly SimulatedNode[];
  readonly connections: Connections;
  readonly streams: Streams;
  readonly checkers: readonly Checker[];
  readonly watch: DiskWatch;
  readonly viewChanges: ((epoch: number, view: number) => void) | null;
  note(what: string, ...details: readonly (string | number)[]): void;
  send(from: SimulatedNode, peer: PeerId, bytes: Uint8Array): void;
}

/** Tells each checker, unless the node lies. */
type Tell = (run: (checker: Checker) => void) => void;

export function eventsOf(stage: Stage, self: () => SimulatedNode): NodeEvents {
  let last: Uint8Array | null = null;
  const tell: Tell = (run) => {
    if (!self().isLiar) for (const checker of stage.checkers) run(checker);
  };
  return {
    observer: observerOf(stage, self, tell),
    send: (to, _lane, bytes) => {
      if (bytes !== last && areSigned(bytes)) {
        const decoded = decodePeerMessage(bytes);
        if (decoded.ok && self().isLiar) for (const checker of stage.checkers) checker.lied?.(self(), decoded.value);
        if (decoded.ok) tell((checker) => checker.sent?.(self(), decoded.value));
      }
      last = bytes;
      stage.send(self(), to, bytes);
    },
    punish: (peerId, code, message) => {
      const peer = present(
        stage.nodes.find((node) => node.peerId === peerId),
        'peer',
      );
      stage.note('punished', self().slot, peer.slot, code);
      tell((checker) => checker.punished?.(self(), peer, code, message));
      stage.connections.punished(self(), peerId);
    },
    hold: (peerId, held) => stage.streams.hold(self(), peerId, held),
    written: (batch) => {
      stage.note('written', self().slot, batch.length);
      if (!self().isLiar) stage.watch.written(self(), batch);
    },
    changed: () => {
      stage.note(self().state, self().slot);
      if (self().state === 'running') tell((checker) => checker.started?.(self()));
      stage.connections.update();
    },
    refused: (code, message) => {
      stage.note('refused', self().slot, code);
      tell((checker) => checker.halted?.(self(), new Error(`it would not start: ${code}, ${message}`)));
    },
  };
}

function observerOf(stage: Stage, self: () => SimulatedNode, tell: Tell): Observer {
  return {
    finalized: (block: FinalizedBlock) => {
      stage.note('finalized', self().slot, block.record.header.height, block.hash);
      tell((checker) => checker.finalized?.(self(), block));
    },
    rejected: (id, code) => stage.note('rejected', self().slot, id, code),
    offence: (evidence) => {
      const { validator, height } = offenceOf(evidence);
      stage.note('offence', self().slot, validator, height);
      tell((checker) => checker.accused?.(self(), evidence));
    },
    note: (note) => {
      stage.note(note.kind, self().slot, ...aboutNote(note));
      tell((checker) => checker.noted?.(self(), note));
      if (note.kind === 'view-change-started' && self().isHonest)
        stage.viewChanges?.(self().driver?.status().epoch ?? 0, note.view);
    },
    halted: (error) => {
      stage.note('halted', self().slot, error.message);
      tell((checker) => checker.halted?.(self(), error));
    },
  };
}

function aboutNote(note: DriverNote): (string | number)[] {
  switch (note.kind) {
    case 'view-change-started':
      return [note.view, note.reason];
    case 'view-entered':
      return [note.view, note.primary];
    case 'catching-up':
      return [note.from, note.to];
    case 'caught-up':
      return [note.height];
    case 'misbehaviour':
      return [note.validator ?? note.peer, note.code];
    case 'suspected':
      return [note.primary, note.reason];
    case 'key-in-use':
      return [note.height, note.vote];
    case 'upgrade-needed':
      return [note.version, note.height];
    default:
      return unreachable(note);
  }
}
