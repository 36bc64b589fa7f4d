/**
 * A lock that holds although its owner may be paused at any time, and does not know how long.
 *
 * A lease alone is not enough: an owner that was paused (by a garbage collection, a laptop that sleeps, a slow network) goes on
 * writing when its lease has run out and another has the lock. So each write carries the token of the lease. Every later lease has a
 * greater one, and the ledger refuses the write of an owner of before.
 */
import { takeLease } from './lease.ts';
import { type Party, type Version, versionText } from './party.ts';

/** What protects the report. Any key will do: it need not be what is written. */
const LOCK = 'report-lock';

export async function lock(namespace: string, alice: Party, bob: Party): Promise<void> {
  const tokenOfAlice = await takeLease(alice, namespace, LOCK);
  await write(alice, namespace, 'first half by alice', tokenOfAlice);
  alice.say('is paused, and does not notice');

  const tokenOfBob = await takeLease(bob, namespace, LOCK);
  await write(bob, namespace, 'all of it by bob', tokenOfBob);

  alice.say('wakes up, and still believes that she has the lock');
  await write(alice, namespace, 'second half by alice', tokenOfAlice);

  // Whoever is done gives the lock back, so that the next need not wait until the lease has run out.
  await bob.submit({ kind: 'release', namespace, key: LOCK, condition: tokenOfBob });
  const { value, version } = await bob.client.data.entry(namespace, 'report');
  bob.say(`releases the lock; the report is "${new TextDecoder().decode(value ?? undefined)}", version ${version}`);
}

/** The token and what it protects, in one transaction: both, or nothing. */
async function write(party: Party, namespace: string, text: string, token: Version): Promise<void> {
  const { code } = await party.submit(
    { kind: 'require', namespace, key: LOCK, condition: token },
    { kind: 'put', namespace, key: 'report', value: new TextEncoder().encode(text), condition: { kind: 'any' } },
  );
  party.say(`writes "${text}" with the token ${versionText(token)}: ${code}`);
}
