/** Steady load: people who each pay, wait until the payment is final, and pay again; and a record of what they were told. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Hash } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import type { Client } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/errors.ts';
import type { SignedBytes } from '../../src/client/wallet.ts';
import type { History } from './history.ts';
import type { Person, Town } from './people.ts';
import { ALL, type Validators } from './validators.ts';

/** Least time between two payments of one person: all together leave the machine room to breathe. */
const PACE_MS = 100;
/** A node is asked to wait so long for a commit, then the same bytes are submitted again. */
const WAIT_MS = 5_000;
/** Nobody waits longer for one payment, whatever happens to the network. */
const LOAD_MS_MAX = 60_000;
const POLL_MS = 10;
const AGAIN_MS = 50;

/** A node's word that a payment is final. */
interface Acknowledged {
  readonly id: Hash;
  readonly height: number;
  readonly blockHash: Hash;
}

export class SteadyLoad {
  readonly acknowledged: Acknowledged[] = [];
  readonly #validators: Validators;
  readonly #town: Town;
  #stopping = false;
  #running: Promise<unknown> | undefined;
  #failure: Error | undefined;

  constructor(validators: Validators, town: Town) {
    this.#validators = validators;
    this.#town = town;
  }

  start(): void {
    this.#stopping = false;
    const { people } = this.#town;
    const loops = people.map((person, position) => this.#payOnAndOn(person, position));
    this.#running = Promise.all(loops).catch((error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
  }

  /** Ends it when every payment that was begun is final. Throws what a payer should never hear. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#throwFailure();
  }

  /** Resolves when so many more payments are acknowledged than now. */
  async more(count: number, timeoutMs = 30_000): Promise<void> {
    const target = this.acknowledged.length + count;
    for (const deadline = Date.now() + timeoutMs; this.acknowledged.length < target; await delay(POLL_MS)) {
      this.#throwFailure();
      const { length } = this.acknowledged;
      invariant(Date.now() < deadline, 'payments are not acknowledged', { missing: target - length, timeoutMs });
    }
  }

  /** Every acknowledged payment stands where it was said to stand. */
  requireKept(history: History): void {
    for (const { id, height, blockHash } of this.acknowledged) {
      const place = history.places.get(id);
      invariant(place !== undefined, 'an acknowledged transaction is lost', { id, height });
      invariant(place.blockHash === blockHash, 'an acknowledged transaction moved', { id, height, now: place.height });
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #payOnAndOn(person: Person, position: number): Promise<void> {
    const { people, books } = this.#town;
    const { address } = present(people[(position + 1) % people.length], 'somebody to pay');
    for (let count = 0; !this.#stopping; count++) {
      const nextMs = performance.now() + PACE_MS;
      const signed = books.pay(person, address, BigInt(1 + (count % 7)));
      await this.#untilFinal(signed, position);
      await delay(Math.max(0, nextMs - performance.now()));
    }
  }

  /** Submits the same bytes until some node says that they are final. */
  async #untilFinal({ id, bytes }: SignedBytes, position: number): Promise<void> {
    for (const deadline = Date.now() + LOAD_MS_MAX; ; ) {
      const status = await submit(this.#validators.from(position % ALL.length), bytes);
      if (status?.status === 'committed') {
        invariant(status.code === 'OK', 'a payment failed', { id, code: status.code });
        this.acknowledged.push({ id, height: status.height, blockHash: status.blockHash });
        return;
      }
      invariant(status?.status !== 'rejected', 'a payment was rejected', { ...status });
      invariant(Date.now() < deadline, 'a payment is never final', { id, status: status?.status });
      if (status === undefined) await delay(AGAIN_MS);
    }
  }
}

/** Undefined when no node answered, or the one that did is starting or stopping. */
async function submit(client: Client, bytes: Uint8Array): Promise<Awaited<ReturnType<Client['submit']>> | undefined> {
  try {
    return await client.submit(bytes, WAIT_MS);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const isPassing = error.code === 'UNREACHABLE' || error.code === 'TIMED_OUT' || error.problem?.status === 503;
    if (!isPassing) throw new Error(`a payment was refused: ${error.code}, ${error.message}`, { cause: error });
    return undefined;
  }
}
