/** What a node of a simulation tells it. */
import type { Lane, Observer, PeerId, StoreOperation } from '../../driver/ports.ts';
import type { Processor } from './processor.ts';

export interface NodeEvents {
  readonly observer: Observer;
  send(to: PeerId, lane: Lane, message: Uint8Array): void;
  punish(peer: PeerId, code: string, message: string): void;
  hold(peer: PeerId, held: boolean): void;
  written(batch: readonly StoreOperation[]): void;
  /** It runs, or has stopped. */
  changed(): void;
  /** It would not start from what its disk holds. */
  refused(code: string, message: string): void;
}

/** What the simulation does when it is told is no work of the node. */
export function asideFrom(processor: Processor, events: NodeEvents): NodeEvents {
  const { observer } = events;
  return {
    send: (to, lane, message) => processor.aside(() => events.send(to, lane, message)),
    punish: (peer, code, message) => processor.aside(() => events.punish(peer, code, message)),
    hold: (peer, held) => processor.aside(() => events.hold(peer, held)),
    written: (batch) => processor.aside(() => events.written(batch)),
    changed: () => processor.aside(() => events.changed()),
    refused: (code, message) => processor.aside(() => events.refused(code, message)),
    observer: {
      finalized: (block) => processor.aside(() => observer.finalized(block)),
      rejected: (id, code) => processor.aside(() => observer.rejected(id, code)),
      offence: (evidence) => processor.aside(() => observer.offence(evidence)),
      note: (note) => processor.aside(() => observer.note(note)),
      halted: (error) => processor.aside(() => observer.halted(error)),
    },
  };
}
