/** Clients that submit one transfer after the other and wait for the commit of each: what a user of the network feels. */
import { SSZ_MEDIA_TYPE } from '../../src/api/batch.ts';
import { submitPath } from '../../src/api/routes.ts';
import type { Address, Hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { BenchAccount } from './accounts.ts';
import type { Poster } from './post.ts';

const WAIT_MS = 30_000;

export class BenchClient {
  readonly #account: BenchAccount;
  readonly #poster: Poster;
  readonly #chainId: Hash;
  readonly #to: Address;

  constructor(account: BenchAccount, poster: Poster, chainId: Hash, to: Address) {
    this.#account = account;
    this.#poster = poster;
    this.#chainId = chainId;
    this.#to = to;
  }

  /** Milliseconds from submission to the answer that the transfer is final. */
  async commit(): Promise<number> {
    const bytes = this.#account.transfer(this.#chainId, this.#to);
    const start = performance.now();
    const answer = await this.#poster.post(submitPath(WAIT_MS), SSZ_MEDIA_TYPE, bytes);
    const milliseconds = performance.now() - start;
    const { status } = answer as { readonly status?: string };
    if (status !== 'committed') throw new Error(`a transfer was ${status} after ${Math.round(milliseconds)} ms`);
    return milliseconds;
  }
}

/** The latencies of so many commits, one at a time, of the clients in turn. */
export async function oneAtATime(
  clients: readonly BenchClient[],
  count: number,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    latencies.push(await present(clients[i % clients.length], 'a client').commit());
  }
  return latencies;
}

/** The latencies of all commits that all clients, side by side, begin until the signal. */
export async function allAtOnce(clients: readonly BenchClient[], until: AbortSignal): Promise<readonly number[]> {
  const latencies: number[] = [];
  await Promise.all(
    clients.map(async (client) => {
      while (!until.aborted) latencies.push(await client.commit());
    }),
  );
  return latencies;
}
