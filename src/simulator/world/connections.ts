/** Who is connected with whom: two running nodes are, unless the wire between them is cut or one keeps the other away. */
import type { PeerId } from '../../driver/ports.ts';
import { Penalties } from '../../network/penalties.ts';
import type { SimulatedNode } from './node.ts';
import type { Scheduler } from './scheduler.ts';

interface World {
  readonly scheduler: Scheduler;
  readonly nodes: readonly SimulatedNode[];
}

interface Pair {
  readonly a: SimulatedNode;
  readonly b: SimulatedNode;
  /** Cut for so long that both sides noticed. */
  severed: boolean;
  connected: boolean;
  /** Grows with each connection that is made or ends. */
  session: number;
  /** Lives of both when they were connected. */
  lives: string;
}

export class Connections {
  readonly #world: World;
  readonly #pairs: Pair[] = [];
  readonly #bySlots = new Map<number, Pair>();
  readonly #penalties = new Map<SimulatedNode, Penalties>();

  constructor(world: World) {
    this.#world = world;
    for (const a of world.nodes)
      for (const b of world.nodes) {
        if (a.slot >= b.slot || a.peerId === b.peerId) continue;
        const pair = { a, b, severed: false, connected: false, session: 0, lives: '' };
        this.#pairs.push(pair);
        this.#bySlots.set(a.slot * 1000 + b.slot, pair);
      }
  }

  #pair(a: SimulatedNode, b: SimulatedNode): Pair | undefined {
    return this.#bySlots.get(Math.min(a.slot, b.slot) * 1000 + Math.max(a.slot, b.slot));
  }

  stands(a: SimulatedNode, b: SimulatedNode): boolean {
    return this.#pair(a, b)?.connected ?? false;
  }

  session(a: SimulatedNode, b: SimulatedNode): number {
    return this.#pair(a, b)?.session ?? 0;
  }

  /** Both sides notice that the wire is cut, or whole again. */
  sever(a: SimulatedNode, b: SimulatedNode, severed: boolean): void {
    const pair = this.#pair(a, b);
    if (pair === undefined) return;
    pair.severed = severed;
    this.update();
  }

  heal(): void {
    for (const pair of this.#pairs) pair.severed = false;
    this.#penalties.clear();
    this.update();
  }

  /** The node keeps a peer away for a while, as the network does. */
  punished(by: SimulatedNode, peer: PeerId): void {
    const { scheduler, nodes } = this.#world;
    const penalties = this.#penalties.get(by) ?? new Penalties();
    this.#penalties.set(by, penalties);
    const awayMs = penalties.punish(peer, scheduler.nowMs);
    for (const node of nodes) if (node.peerId === peer) this.#disconnect(this.#pair(by, node));
    scheduler.after(awayMs + 1, () => this.update());
  }

  update(): void {
    for (const pair of this.#pairs) {
      const { a, b } = pair;
      const lives = `${a.life}/${b.life}`;
      const wanted =
        a.state === 'running' && b.state === 'running' && !pair.severed && !this.#away(a, b) && !this.#away(b, a);
      if (pair.connected && (!wanted || pair.lives !== lives)) this.#disconnect(pair);
      if (!wanted || pair.connected) continue;
      pair.connected = true;
      pair.session += 1;
      pair.lives = lives;
      a.input((driver) => driver.peerConnected(b.peerId));
      b.input((driver) => driver.peerConnected(a.peerId));
    }
  }

  #away(by: SimulatedNode, peer: SimulatedNode): boolean {
    return (this.#penalties.get(by)?.awayMs(peer.peerId, this.#world.scheduler.nowMs) ?? 0) > 0;
  }

  #disconnect(pair: Pair | undefined): void {
    if (pair === undefined || !pair.connected) return;
    pair.connected = false;
    pair.session += 1;
    for (const [node, peer] of [
      [pair.a, pair.b],
      [pair.b, pair.a],
    ] as const)
      if (!this.#sees(node, peer.peerId)) node.input((driver) => driver.peerDisconnected(peer.peerId));
  }

  /** Whether it is connected with a node of that peer id: twins have one together. */
  #sees(node: SimulatedNode, peer: PeerId): boolean {
    return this.#world.nodes.some((other) => other.peerId === peer && this.stands(node, other));
  }
}
