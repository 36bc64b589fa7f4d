/**
 * An election: many candidates, one leader at a time, and another when it dies.
 *
 * The leader is whoever has the lease of a key; the token of the lease is the term. A leader renews its lease before it runs out, and
 * its next term is greater. One that dies does not: when the lease has run out, the next candidate has it. Whatever a leader decides
 * carries its term, so that one that was only thought dead decides nothing any more.
 */
import { renewLease, takeLease } from './lease.ts';
import { type Party, type Version, versionText } from './party.ts';

const LEADER = 'leader';

interface Leader {
  readonly party: Party;
  readonly term: Version;
}

export async function election(namespace: string, candidates: readonly Party[]): Promise<void> {
  const running = new Map(candidates.map((party) => [party, stand(party, namespace)]));

  const elected = await Promise.race(running.values());
  await decide(elected, namespace, 'we build a bridge');
  const first = await renew(elected, namespace);
  first.party.say('dies: it renews its lease no more');
  running.delete(first.party);

  const second = await Promise.race(running.values());
  await decide(second, namespace, 'we build a tunnel');
  first.party.say('was not dead, and has not heard of the election');
  await decide(first, namespace, 'we build two bridges');

  second.party.say('resigns: nobody has to wait until its lease has run out');
  await second.party.submit({ kind: 'release', namespace, key: LEADER, condition: second.term });
  running.delete(second.party);
  await Promise.all(running.values());
}

async function stand(party: Party, namespace: string): Promise<Leader> {
  const term = await takeLease(party, namespace, LEADER);
  party.say(`leads in term ${versionText(term)}`);
  return { party, term };
}

async function renew({ party, term: before }: Leader, namespace: string): Promise<Leader> {
  const term = await renewLease(party, namespace, LEADER, before);
  party.say(`leads on, in term ${versionText(term)}`);
  return { party, term };
}

async function decide({ party, term }: Leader, namespace: string, what: string): Promise<void> {
  const { code } = await party.submit(
    { kind: 'require', namespace, key: LEADER, condition: term },
    { kind: 'put', namespace, key: 'decision', value: new TextEncoder().encode(what), condition: { kind: 'any' } },
  );
  party.say(`decides "${what}" in term ${versionText(term)}: ${code}`);
}
