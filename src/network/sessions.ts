/** The sessions of all connections: which is in use for a peer, and how each begins and ends. */
import type { Connection, Stream } from '@libp2p/interface';
import { present } from '../base/invariant.ts';
import { equalBytes } from '../codec/codec.ts';
import type { PeerId } from '../driver/ports.ts';
import type { Admission } from './admission.ts';
import { MuxFrameError } from './bounded-yamux.ts';
import { closeGently, cut } from './closing.ts';
import type { EventLog } from './events.ts';
import type { Finder } from './finder.ts';
import type { Hello } from './hello.ts';
import { STREAM_PROTOCOL } from './host.ts';
import { HANDSHAKE_TICKS_MAX, LASTING_TICKS, TICK_MS, TWIN_TICKS } from './limits.ts';
import type { NetworkHandlers } from './handlers.ts';
import { type Ending, Session } from './session.ts';
import { attach } from './stream-wire.ts';

interface SessionsContext {
  readonly peerId: PeerId;
  readonly hello: Hello;
  readonly admission: Admission;
  readonly finder: Pick<Finder, 'met' | 'lost'>;
  readonly log: EventLog;
  /** Undefined before the network starts. */
  readonly handlers: () => NetworkHandlers | undefined;
  readonly punish: (peer: PeerId, code: string, message: string) => void;
}

export class Sessions {
  readonly #context: SessionsContext;
  /** Of all connections, whether their session is open or not yet. */
  readonly #all = new Map<Connection, Session>();
  /** The session in use for each connected peer. */
  readonly #open = new Map<PeerId, Session>();
  readonly #ended = new Map<string, number>();

  constructor(context: SessionsContext) {
    this.#context = context;
  }

  /** In use for this peer. */
  openWith(peer: PeerId): Session | undefined {
    return this.#open.get(peer);
  }

  /** Those in use. */
  open(): Iterable<Session> {
    return this.#open.values();
  }

  all(): readonly Session[] {
    return [...this.#all.values()];
  }

  of(peer: PeerId): readonly Session[] {
    return this.all().filter((session) => session.peer === peer);
  }

  /** How many ended, by code. */
  get ended(): ReadonlyMap<string, number> {
    return this.#ended;
  }

  tick(): void {
    for (const session of this.all()) session.tick();
  }

  /** A connection stands. */
  begin(connection: Connection): void {
    const peer = connection.remotePeer.toString();
    // Since the gater was asked the set, or the number of connections, may have changed.
    if (!this.#context.admission.decide(peer, this.of(peer).length)) return cut(connection, 'refused');
    const session = new Session(peer, this.#context.peerId < peer, this.#context.hello, {
      elect: (candidate) => this.#elect(candidate),
      opened: (opened) => this.#opened(opened, connection),
      received: (message) => this.#context.handlers()?.received(peer, message),
      ended: (ending) => this.#finish(connection, session, ending),
    });
    this.#all.set(connection, session);
    connection.addEventListener('close', ({ error }) => {
      const offence = error instanceof MuxFrameError;
      session.end(offence ? 'MUX_FRAME_TOO_LARGE' : 'CLOSED', error?.message ?? 'closed by the peer', { offence });
    });
    if (connection.direction === 'outbound') void this.#openStream(connection, session);
  }

  /** The side that dialled opens the stream. */
  async #openStream(connection: Connection, session: Session): Promise<void> {
    try {
      const signal = AbortSignal.timeout(HANDSHAKE_TICKS_MAX * TICK_MS);
      attach(session, await connection.newStream(STREAM_PROTOCOL, { signal }));
    } catch (error) {
      session.end('CLOSED', error instanceof Error ? error.message : String(error));
    }
  }

  /** The peer opened a stream. */
  streamed(connection: Connection, stream: Stream): void {
    const session = this.#all.get(connection);
    if (session === undefined) stream.abort(new Error('unexpected stream'));
    else attach(session, stream);
  }

  #elect(candidate: Session): boolean {
    const current = this.#open.get(candidate.peer);
    if (current === undefined || current.age >= TWIN_TICKS) return true;
    return !equalBytes(incarnationOf(current), incarnationOf(candidate));
  }

  #opened(session: Session, connection: Connection): void {
    this.#context.finder.met(session.peer, connection);
    this.#open.get(session.peer)?.end('REPLACED', 'the peer has a newer connection');
    this.#open.set(session.peer, session);
    this.#context.log.state({ level: 'info', code: 'PEER_CONNECTED', peer: session.peer, message: 'connected' });
    this.#context.handlers()?.connected(session.peer);
  }

  #finish(connection: Connection, session: Session, ending: Ending): void {
    const { peer } = session;
    const { code: reason, message } = ending;
    this.#all.delete(connection);
    this.#ended.set(reason, (this.#ended.get(reason) ?? 0) + 1);
    if (ending.gently) void closeGently(connection);
    else cut(connection, reason);
    if (session.age >= LASTING_TICKS) this.#context.finder.lost(peer);
    if (this.#open.get(peer) === session) {
      this.#open.delete(peer);
      this.#context.log.state({ level: 'info', code: 'PEER_DISCONNECTED', peer, reason, message });
      this.#context.handlers()?.disconnected(peer);
    } else {
      this.#context.log.trouble({ code: 'HANDSHAKE_FAILED', peer, reason, message });
    }
    if (ending.offence) this.#context.punish(peer, reason, message);
  }
}

const incarnationOf = (session: Session): Uint8Array => present(session.incarnation, 'the incarnation after a HELLO');
