/** Watching with a real client and real servers over random chains: whatever breaks, each event is seen once, in order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { Random } from '../../src/base/random.ts';
import { Client } from '../../src/client/client.ts';
import { chains, senders } from '../ledger/operations/chains.ts';
import { DataChain, expected, type Filter, seen } from '../rpc/data-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';

const account = fc.constantFrom(...senders);
const filters: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ account }),
  fc.record({ namespace: fc.constantFrom('a', 'b', 'nowhere') }),
  fc.record({ namespace: fc.constantFrom('a', 'b'), prefix: fc.constantFrom('', 'k', 'l/', '/m', 'x') }),
  fc.record({ account, namespace: fc.constant('a') }),
);

/** Answers as `fetch` does, but some break off after a random number of bytes. */
const breaking =
  (random: Random): typeof fetch =>
  async (...asked) => {
    const response = await fetch(...asked);
    if (response.body === null || random.int(0, 2) === 0) return response;
    let left = random.int(0, 3_000);
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left -= chunk.length;
        if (left <= 0) controller.error(new Error('the connection broke'));
      },
    });
    return new Response(response.body.pipeThrough(cut), response);
  };

/** Consumers one after the other, each of which is killed after some events, at random, and leaves nothing but the last id. */
async function watchAll(harnesses: readonly Harness[], filter: Filter, count: number, seed: number): Promise<object[]> {
  const random = new Random(seed);
  const told: object[] = [];
  let last = '0:0';
  while (told.length < count) {
    const first = random.int(0, harnesses.length - 1);
    const urls = [...harnesses.slice(first), ...harnesses.slice(0, first)].map(({ url }) => url);
    const client = new Client({ urls, fetch: breaking(random) });
    let life = random.int(1, 6);
    for await (const event of client.watch({ ...filter, from: last })) {
      last = event.id;
      if (event.kind === 'transaction') told.push(seen(event.id, event.transaction));
      if (--life === 0 || told.length === count) break;
    }
  }
  return told;
}

describe('consumers that are killed, and go on at any node,', () => {
  test('see each event of what they watch once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(chains, filters, fc.nat(), async (plan, filter, seed) => {
        const { blocks } = DataChain.of(plan);
        const wanted = expected(blocks, filter);
        await using one = await start({ limits: { heartbeatMs: 5 } });
        await using two = await start({ limits: { heartbeatMs: 5 } });
        // One has the chain already; the other gets it while it is watched.
        for (const block of blocks) one.gateway.publish(block);
        const behind = [...blocks];
        const timer = setInterval(
          () => behind.length > 0 && two.gateway.publish(present(behind.shift(), 'a block')),
          5,
        );
        try {
          expect(await watchAll([one, two], filter, wanted.length, seed)).toEqual(wanted);
        } finally {
          clearInterval(timer);
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});
