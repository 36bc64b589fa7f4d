/**
 * The driver's `Verifier`: votes at once on this thread, transactions in bulk in worker threads.
 *
 * What waits for a worker is one queue of signatures, whatever batches they came in: a worker that is ready takes as
 * many as fit into one packet, so under load small batches are merged and large ones split.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { invariant, present } from '../base/invariant.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import type { SignatureCheck, Verifier } from '../driver/ports.ts';
import { packChecks } from './verify-packet.ts';

/** Signatures in one packet: about 5 ms of a worker with libsodium, so that a small batch does not wait long behind a
 *  large one. A packet costs 30 µs of processor time beside the checks. */
const PACKET_SIGNATURES_MAX = 128;
/** Bytes of their messages, with which a packet is full: copying them, and hashing them in the worker, takes no longer than
 *  checking that many signatures. */
const PACKET_BYTES_MAX = 512 * 1024;
/** Packets a worker may hold: one it works on and one that is there when it is done with that. */
const PACKETS_PER_WORKER = 2;
/** Signatures that may wait, about a second of one worker. Beyond it the caller pays: the batch is checked on this
 *  thread, which slows the intake of more. */
const WAITING_MAX = 16_384;
/** Signatures, in one turn of the event loop, that are checked on this thread: the way to a worker and back costs about
 *  as much as one check, and on a busy machine more time. Under load a turn has more, and those go to the workers. */
const AT_ONCE_MAX = 2;
/** Bytes of a message that is never checked there: hashing it takes longer than sending it away. */
const LONG_BYTES = 16 * 1024;

type Done = Parameters<Verifier['checkBatch']>[1];

interface Batch {
  readonly checks: readonly SignatureCheck[];
  readonly verdicts: boolean[];
  readonly done: Done;
  /** Position of the first check that is in no packet yet. */
  next: number;
  /** Verdicts still to come. */
  missing: number;
}

/** Part of a batch within a packet. */
interface Slice {
  readonly batch: Batch;
  readonly from: number;
  readonly count: number;
}

interface Helper {
  readonly worker: Worker;
  /** What its packets hold, oldest first. */
  readonly packets: Slice[][];
}

export interface RunningVerifier extends Verifier {
  /** Signatures that wait for a worker. */
  readonly waiting: number;
  /** Ends the workers. Batches that are not answered by then never are. */
  stop(): Promise<void>;
}

export interface VerifierOptions {
  readonly ed25519: Ed25519;
  /** Worker threads; positive. With several nodes on one machine more than one each gains nothing. */
  readonly workers: number;
  /** A worker died: no batch will be answered any more, the node has to stop. */
  readonly failed: (error: Error) => void;
}

/** Starts the worker threads and resolves when all of them have checked their implementation of ed25519.
 *  Rejects with the error of a worker that cannot start. */
export async function startVerifier(options: VerifierOptions): Promise<RunningVerifier> {
  invariant(Number.isSafeInteger(options.workers) && options.workers > 0, 'a verifier has workers', { ...options });
  const verifier = new PooledVerifier(options);
  try {
    await verifier.started;
  } catch (error) {
    await verifier.stop();
    throw error;
  }
  return verifier;
}

/** Next to this file, and compiled when this file is. */
const WORKER_FILE = new URL(`./verify-worker${extname(import.meta.filename)}`, import.meta.url);

class PooledVerifier implements RunningVerifier {
  /** Resolves when every worker is ready, rejects when one fails before that. */
  readonly started: Promise<void>;
  readonly #ed25519: Ed25519;
  readonly #helpers: readonly Helper[];
  /** Batches with checks that are in no packet yet, oldest first. */
  readonly #batches: Batch[] = [];
  #failed: (error: Error) => void;
  #waiting = 0;
  #atOnce = 0;
  #stopped = false;

  constructor({ ed25519, failed, workers }: VerifierOptions) {
    this.#ed25519 = ed25519;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.started = promise;
    this.#failed = reject;
    let starting = workers;
    this.#helpers = Array.from({ length: workers }, () => {
      const helper: Helper = { worker: new Worker(WORKER_FILE), packets: [] };
      helper.worker.once('message', () => {
        helper.worker.on('message', (verdicts: Uint8Array) => this.#answer(helper, verdicts));
        starting -= 1;
        if (starting > 0) return;
        this.#failed = failed;
        resolve();
      });
      helper.worker.on('error', (error) => this.#fail(error));
      helper.worker.on('exit', (code) => this.#fail(new Error(`a verification worker ended with code ${code}`)));
      return helper;
    });
  }

  get waiting(): number {
    return this.#waiting;
  }

  check({ publicKey, message, signature }: SignatureCheck): boolean {
    return this.#ed25519.verify(publicKey, message, signature);
  }

  checkBatch(checks: readonly SignatureCheck[], done: Done): void {
    if (this.#stopped) return;
    const full = this.#waiting + checks.length > WAITING_MAX;
    if (checks.length === 0 || full || this.#takeAtOnce(checks)) {
      const verdicts = checks.map((check) => this.check(check));
      queueMicrotask(() => done(verdicts));
      return;
    }
    this.#batches.push({ checks, verdicts: [], done, next: 0, missing: checks.length });
    this.#waiting += checks.length;
    this.#send();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#helpers.map(({ worker }) => worker.terminate()));
  }

  /** Whether this turn of the event loop still has room for these checks on this thread. */
  #takeAtOnce(checks: readonly SignatureCheck[]): boolean {
    const count = checks.length;
    if (this.#atOnce + count > AT_ONCE_MAX || checks.some(({ message }) => message.length > LONG_BYTES)) return false;
    if (this.#atOnce === 0) {
      setImmediate(() => {
        this.#atOnce = 0;
      });
    }
    this.#atOnce += count;
    return true;
  }

  /** Fills the workers that have room, the least busy first. */
  #send(): void {
    while (this.#waiting > 0) {
      const helper = this.#helpers.reduce((a, b) => (b.packets.length < a.packets.length ? b : a));
      if (helper.packets.length >= PACKETS_PER_WORKER) return;
      const slices = this.#takeSlices();
      const packet = packChecks(slices.flatMap(({ batch, from, count }) => batch.checks.slice(from, from + count)));
      helper.packets.push(slices);
      helper.worker.postMessage(packet, [packet.buffer]);
    }
  }

  #takeSlices(): Slice[] {
    const slices: Slice[] = [];
    let room = PACKET_SIGNATURES_MAX;
    let bytes = PACKET_BYTES_MAX;
    while (room > 0 && bytes > 0) {
      const batch = this.#batches[0];
      if (batch === undefined) break;
      const from = batch.next;
      const most = Math.min(from + room, batch.checks.length);
      // The one with which the bytes are full is the last.
      while (batch.next < most && bytes > 0) bytes -= present(batch.checks[batch.next++], 'a check').message.length;
      const count = batch.next - from;
      slices.push({ batch, from, count });
      room -= count;
      if (batch.next === batch.checks.length) this.#batches.shift();
    }
    this.#waiting -= PACKET_SIGNATURES_MAX - room;
    return slices;
  }

  #answer(helper: Helper, verdicts: Uint8Array): void {
    const slices = present(helper.packets.shift(), 'the packet of an answer');
    this.#send();
    let at = 0;
    for (const { batch, from, count } of slices) {
      for (let i = 0; i < count; i++) batch.verdicts[from + i] = verdicts[at++] === 1;
      batch.missing -= count;
      if (batch.missing === 0) batch.done(batch.verdicts);
    }
    invariant(at === verdicts.length, 'one verdict for each signature', { at, length: verdicts.length });
  }

  #fail(error: Error): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#failed(error);
  }
}
