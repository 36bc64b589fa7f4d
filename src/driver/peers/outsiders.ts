/** Nodes without a vote that say where they stand: how often each has said that it got no further. */
import { ForgetfulMap } from '../../base/bounded.ts';
import type { Epoch, View } from '../../base/brand.ts';
import type { Status } from '../../consensus/messages.ts';
import { OUTSIDERS_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';

interface Said {
  readonly epoch: Epoch;
  readonly view: View;
  readonly times: number;
}

export class Outsiders {
  readonly #said = new ForgetfulMap<PeerId, Said>(OUTSIDERS_MAX);

  /** How often it stood in this view before. */
  stood(peer: PeerId, { epoch, view }: Pick<Status, 'epoch' | 'view'>): number {
    const before = this.#said.get(peer);
    const times = before?.epoch === epoch && before.view === view ? before.times + 1 : 0;
    this.#said.set(peer, { epoch, view, times });
    return times;
  }
}
