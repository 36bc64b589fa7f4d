/** What is true of a server after every step. A violation is our own bug. */
import { invariant } from '../../../base/invariant.ts';
import { lastIndex, lastTerm, type Replica } from './replica.ts';

export function checkInvariants(replica: Replica): void {
  const { role, term, leader, votedFor, commit, followers, settings } = replica;
  invariant(commit <= lastIndex(replica), 'what is committed is in the log', { commit });
  invariant(lastTerm(replica) <= term, 'no entry is of a later term than the server', { term });
  invariant((role === 'leader') === (leader === settings.self), 'a leader knows itself', { role });
  invariant(followers.size === (role === 'leader' ? settings.servers - 1 : 0), 'only leaders have followers', { role });
  if (role === 'leader' || role === 'candidate')
    invariant(votedFor === settings.self, 'who leads or wants to lead voted for itself', { role });
}
