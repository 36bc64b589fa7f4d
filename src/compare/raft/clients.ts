/**
 * Clients of a simulated cluster (Ongaro & Ousterhout 2014, section 8). Each stands beside a server and shares its wires. It
 * asks the server that it takes for the leader, goes where that one points to, and asks the next one when no answer comes:
 * so a payload can stand in the log twice, and has to do nothing the second time.
 */
import { ByteListType, ContainerType, UintNumberType } from '@chainsafe/ssz';
import { toHex } from '../../codec/hex.ts';
import type { Scheduler } from '../../simulator/world/scheduler.ts';
import { PAYLOAD_BYTES_MAX } from './core/limits.ts';
import type { Entry } from './core/messages.ts';
import type { WireKind } from './observer.ts';
import type { RaftServer } from './server.ts';

const RequestType = new ContainerType({ payload: new ByteListType(PAYLOAD_BYTES_MAX) });
/** The payload's place, or where the leader is. */
const REPLY_BYTES = new ContainerType({ code: new UintNumberType(1), about: new UintNumberType(8) }).fixedSize ?? 0;

interface Pending {
  readonly payload: Uint8Array;
  readonly key: string;
  /** The server beside the client. */
  readonly beside: number;
  /** Whom it asked last. */
  asked: number;
  attempts: number;
  /** It went where it was pointed to since it last waited. */
  redirected: boolean;
}

interface ClientPorts {
  readonly servers: readonly RaftServer[];
  readonly scheduler: Scheduler;
  /** How long a client waits for an answer, in milliseconds. */
  readonly answerTimeoutMs: number;
  /** Carries something between two servers' places. */
  carry(from: number, to: number, kind: WireKind, bytes: number, arrived: () => void): void;
  answered(payload: Uint8Array): void;
}

/** What one server remembers of clients; it is gone with its life. As long as its log, at most, and as many as clients wait. */
interface Desk {
  readonly life: number;
  /** By payload, who waits for its commit, and the term in which it came into the log here. */
  readonly waiting: Map<string, { readonly pending: Pending; readonly term: number }>;
  readonly applied: Set<string>;
}

export class RaftClients {
  readonly #ports: ClientPorts;
  readonly #pending = new Map<string, Pending>();
  /** By place, the server that led when somebody there was last answered. */
  readonly #known = new Map<number, number>();
  readonly #desks: Desk[] = [];

  constructor(ports: ClientPorts) {
    this.#ports = ports;
  }

  /** Payloads whose clients still wait. */
  get waiting(): number {
    return this.#pending.size;
  }

  submit(payload: Uint8Array, beside: number): void {
    const key = toHex(payload);
    const waits = this.#pending.get(key);
    if (waits?.beside === beside) return;
    const asked = this.#known.get(beside) ?? beside;
    const pending = waits ?? { payload, key, beside, asked, attempts: 0, redirected: false };
    // Who asks beside another server goes there.
    Object.assign(pending, { beside, asked, redirected: false });
    this.#pending.set(key, pending);
    this.#ask(pending);
  }

  #ask(pending: Pending): void {
    const { servers, scheduler, answerTimeoutMs } = this.#ports;
    const attempt = ++pending.attempts;
    const bytes = RequestType.value_serializedSize({ payload: pending.payload });
    const at = pending.asked;
    this.#ports.carry(pending.beside, at, 'client-request', bytes, () => this.#arrive(pending, at));
    scheduler.after(answerTimeoutMs, () => {
      if (!this.#pending.has(pending.key) || pending.attempts !== attempt) return;
      pending.asked = (pending.asked + 1) % servers.length;
      pending.redirected = false;
      this.#ask(pending);
    });
  }

  #arrive(pending: Pending, at: number): void {
    const server = this.#ports.servers[at];
    if (server === undefined || server.replica === null) return;
    const { waiting, applied } = this.#deskOf(server);
    const { key, payload } = pending;
    if (applied.has(key)) return this.#reply(at, pending, () => this.#done(pending, at));
    const { role, term } = server.replica;
    if (role === 'leader' && waiting.get(key)?.term === term) return;
    if (role === 'leader') waiting.set(key, { pending, term });
    server.take({ kind: 'propose', payload });
  }

  /** A server did not take a payload. */
  refused(at: number, payload: Uint8Array, leader: number | null): void {
    const pending = this.#pending.get(toHex(payload));
    if (pending === undefined) return;
    this.#reply(at, pending, () => {
      // Two servers may point to one another while neither knows better: then it waits.
      if (leader === null || pending.redirected || pending.asked !== at || !this.#pending.has(pending.key)) return;
      this.#known.set(pending.beside, leader);
      pending.asked = leader;
      pending.redirected = true;
      this.#ask(pending);
    });
  }

  committed(server: RaftServer, { payload }: Entry): void {
    if (payload.length === 0) return;
    const key = toHex(payload);
    const { waiting, applied } = this.#deskOf(server);
    applied.add(key);
    const waited = waiting.get(key);
    waiting.delete(key);
    if (waited !== undefined) this.#reply(server.index, waited.pending, () => this.#done(waited.pending, server.index));
  }

  #reply(from: number, { beside }: Pending, arrived: () => void): void {
    this.#ports.carry(from, beside, 'client-reply', REPLY_BYTES, arrived);
  }

  #done(pending: Pending, at: number): void {
    this.#known.set(pending.beside, at);
    if (this.#pending.delete(pending.key)) this.#ports.answered(pending.payload);
  }

  #deskOf({ index, life }: RaftServer): Desk {
    const desk = this.#desks[index];
    if (desk !== undefined && desk.life === life) return desk;
    const fresh = { life, waiting: new Map(), applied: new Set<string>() };
    this.#desks[index] = fresh;
    return fresh;
  }
}
