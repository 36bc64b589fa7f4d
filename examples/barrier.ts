/**
 * A barrier: nobody goes on before all are there.
 *
 * Whoever arrives puts its name into a set. Insertions merge, so none fails however many arrive at once, and one that is sent twice
 * counts once: unlike with a counter, a party that starts again may simply arrive again. Then it looks at the set after each block.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Party } from './party.ts';

/** Milliseconds to wait for the others before giving up: each by its own clock, since blocks may come fast or slowly. */
const PATIENCE_MS = 60_000;
const BARRIERS = ['barrier-1', 'barrier-2'];

export async function barrier(namespace: string, parties: readonly Party[]): Promise<void> {
  await Promise.all(parties.map((party, position) => work(party, position, namespace, parties.length)));
}

/** Who works longest for the first barrier is first at the second. */
async function work(party: Party, position: number, namespace: string, count: number): Promise<void> {
  for (const [number, key] of BARRIERS.entries()) {
    await delay(300 * (number === 0 ? position : count - position));
    await meet(party, namespace, key, count);
  }
}

/** Returns when so many have arrived, this one among them. */
async function meet(party: Party, namespace: string, key: string, count: number): Promise<void> {
  party.say(`arrives at ${key}`);
  const { code } = await party.submit({ kind: 'insert', namespace, key, member: party.name });
  if (code !== 'OK') throw new Error(`${party.name} cannot arrive: ${code}`);
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const { height, there } = await arrived(party, namespace, key);
    if (there.length === count) return party.say(`goes on: ${there.join(', ')} are there`);
    if (Date.now() > deadline) throw new Error(`${party.name} met only ${there.join(', ')}`);
    await party.untilBlock(height + 1);
  }
}

async function arrived({ client }: Party, namespace: string, key: string) {
  const there: string[] = [];
  let height = 0;
  for await (const page of client.data.members(namespace, key)) {
    height = page.height;
    there.push(...page.items);
  }
  return { height, there };
}
