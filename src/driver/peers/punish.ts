/** The one way in which a peer loses its connection: ARCHITECTURE.md, "Who is punished", lists what for. */
import type { Observer, PeerId, Transport } from '../ports.ts';
import type { Roster } from './roster.ts';

export type Punish = (peer: PeerId, code: string, message: string) => void;

export const punishing =
  ({ transport, observer }: { readonly transport: Transport; readonly observer: Observer }, roster: Roster): Punish =>
  (peer, code, message) => {
    observer.note({ kind: 'misbehaviour', peer, validator: roster.validatorOf(peer) ?? null, code, message });
    transport.punish(peer, code, message);
  };
