/** One server of Raft's core for tests: what it holds is given, and its effects are read as short lines. */
import type { Entry, Message } from '../../../src/compare/raft/core/messages.ts';
import { type Replica, replicaFrom } from '../../../src/compare/raft/core/replica.ts';
import { step } from '../../../src/compare/raft/core/step.ts';
import type { Effect, Input } from '../../../src/compare/raft/core/transition.ts';

export const payload = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes) || '-';

/** An entry for each term; of its index and term, as in the paper's figures. */
export const entries = (...terms: readonly number[]): Entry[] =>
  terms.map((term, position) => ({ term, payload: payload(`${position + 1}:${term}`) }));

interface Given {
  readonly servers?: number;
  readonly term?: number;
  readonly votedFor?: number | null;
  readonly log?: readonly Entry[];
  readonly entriesPerMessage?: number;
}

/** Server 0. Its election timeout is 6 ticks, the shortest is 4; a heartbeat each 2. */
export function server({
  servers = 3,
  term = 0,
  votedFor = null,
  log = [],
  entriesPerMessage = 8,
}: Given = {}): Replica {
  const ticks = { heartbeatTicks: 2, electionTicksMin: 4, electionTicksMax: 6 };
  const settings = { ...ticks, self: 0, servers, entriesPerMessage, draw: (_: number, to: number) => to };
  return replicaFrom(settings, { term, votedFor, log: [...log] });
}

/** Server 0 as the leader of the term after the given one, by the votes of server 1 (and 2, of five). Its first messages are gone. */
export function leader(given: Given = {}): Replica {
  const replica = server(given);
  ticks(replica, 6);
  const term = replica.term + 1;
  const voters = (given.servers ?? 3) > 3 ? [1, 2] : [1];
  for (const preVote of [true, false])
    for (const from of voters) hear(replica, from, { kind: 'vote', preVote, term, granted: true });
  return replica;
}

export const take = (replica: Replica, input: Input): readonly string[] => step(replica, input).map(line);
export const hear = (replica: Replica, from: number, message: Message): readonly string[] =>
  take(replica, { kind: 'message', from, message });

/** So many ticks; the effects of the last. */
export function ticks(replica: Replica, count: number): readonly string[] {
  let last: readonly string[] = [];
  for (let tick = 0; tick < count; tick++) last = take(replica, { kind: 'tick' });
  return last;
}

const log = (list: readonly Entry[]): string =>
  list.map(({ term, payload }) => `${term}${text(payload) === '-' ? '-' : ''}`).join(' ');

function line(effect: Effect): string {
  switch (effect.kind) {
    case 'persist': {
      const { record } = effect;
      if (record.kind === 'term') return `persist term ${record.term} vote ${record.votedFor ?? 'none'}`;
      return `persist from ${record.from}: ${log(record.entries)}`;
    }
    case 'send':
      return `to ${effect.to}: ${spoken(effect.message)}`;
    case 'committed':
      return `committed ${effect.index}`;
    case 'refused':
      return `refused ${effect.code}, ask ${effect.leader ?? 'nobody'}`;
    case 'contradiction':
      return `contradiction ${effect.reason}`;
    case 'stepped-down':
      return `stepped down from ${effect.term}: ${effect.reason}`;
    case 'elected':
      return `elected ${effect.term}`;
  }
}

function spoken(message: Message): string {
  switch (message.kind) {
    case 'request-vote': {
      const { preVote, term, lastIndex, lastTerm } = message;
      return `${preVote ? 'would you vote' : 'vote'} in ${term}? ${lastIndex}/${lastTerm}`;
    }
    case 'vote':
      return `${message.preVote ? 'would ' : ''}${message.granted ? 'yes' : 'no'} in ${message.term}`;
    case 'append-entries': {
      const { term, previousIndex, previousTerm, commit } = message;
      return `append in ${term} after ${previousIndex}/${previousTerm}: [${log(message.entries)}] commit ${commit}`;
    }
    case 'append-reply': {
      const { term, success, index, conflictTerm, conflictIndex } = message;
      return success
        ? `has ${index} in ${term}`
        : `not after ${index} in ${term}, ${conflictTerm} from ${conflictIndex}`;
    }
  }
}
