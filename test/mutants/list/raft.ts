/** Bugs in Raft, most of them such as others have made. Sections are those of Ongaro & Ousterhout 2014. */
import { edit, type Mutant } from '../mutant.ts';

const LEADING = 'compare/raft/core/leading.ts';
const ELECTION = 'compare/raft/core/election.ts';
const FOLLOWING = 'compare/raft/core/following.ts';
const LEDGER = 'compare/raft-network.ts';
const REPLICA = 'compare/raft/core/replica.ts';

/** Harmless alone: after a refusal the leader begins anew at what it knows to agree. Followers then hear of entries that they
 *  have, while others come after those. */
const FROM_THE_BEGINNING = edit(LEADING, 'Math.max(next, progress.match + 1);', 'Math.min(next, progress.match + 1);');

export const raftMutants: readonly Mutant[] = [
  {
    name: 'raft-older-term-by-count',
    clause: 'Raft 5.4.2',
    breaks: 'commits an entry of an older term because a majority has it',
    edits: [edit(LEADING, ' || termAt(replica, byMajority) !== replica.term) return;', ') return;')],
    directed: { raft: { figure: 'figure-8' } },
  },
  {
    name: 'raft-vote-not-durable',
    clause: 'Raft 5.1',
    breaks: 'forgets in a crash whom it voted for',
    edits: [edit(ELECTION, 'replica.votedFor = from;\n    persistTerm(replica, emit);', 'replica.votedFor = from;')],
    directed: { raft: {} },
  },
  {
    name: 'raft-sends-before-sync',
    clause: 'Raft 5.1',
    breaks: 'sends what it has promised before the promise is on its disk',
    edits: [
      edit(
        'compare/raft/server.ts',
        'for (const effect of effects) this.#waiting.push(effect);',
        "for (const effect of effects)\n      if (effect.kind === 'send') this.#ports.effect(this, effect);\n      else this.#waiting.push(effect);",
      ),
    ],
    directed: { raft: {} },
  },
  {
    name: 'raft-log-not-compared',
    clause: 'Raft 5.4.1',
    breaks: 'votes for a candidate whatever its log lacks',
    edits: [edit(ELECTION, 'index >= lastIndex(replica));', 'index >= lastIndex(replica)) || index >= 0;')],
    directed: { raft: {} },
  },
  {
    name: 'raft-longer-log-wins',
    clause: 'Raft 5.4.1',
    breaks: 'compares the lengths of logs before their last terms',
    edits: [
      edit(
        ELECTION,
        'term > lastTerm(replica) || (term === lastTerm(replica) && index >= lastIndex(replica));',
        'index > lastIndex(replica) || (index === lastIndex(replica) && term >= lastTerm(replica));',
      ),
    ],
    directed: { raft: {} },
  },
  {
    name: 'raft-half-elects',
    clause: 'Raft 5.2',
    breaks: 'takes half of the servers for a majority of votes',
    edits: [edit(REPLICA, '2 * count > replica.settings.servers;', '2 * count >= replica.settings.servers;')],
    directed: { raft: {} },
  },
  {
    // Half of four would do: such a half and three voters still share a server.
    name: 'raft-few-commit',
    clause: 'Raft 5.3',
    breaks: 'commits what one server less than a majority has',
    edits: [edit(LEADING, 'Math.floor(stored.length / 2)', 'Math.floor(stored.length / 2) - 1')],
    directed: { raft: {} },
  },
  {
    name: 'raft-old-votes-counted',
    clause: 'Raft 5.2',
    breaks: 'counts votes of earlier terms, and what was said beforehand, as votes of its own',
    edits: [
      edit(
        ELECTION,
        "preVote ? replica.role === 'pre-candidate' : replica.role === 'candidate';",
        'preVote || !preVote;',
      ),
      edit(
        ELECTION,
        'asked && granted && term === of)',
        "asked && granted && of > 0 && replica.role.endsWith('candidate'))",
      ),
    ],
    directed: { raft: {} },
  },
  {
    name: 'raft-match-of-own-log',
    clause: 'Raft 5.3',
    breaks: 'acknowledges the whole of its log, where only the beginning is known to agree',
    edits: [edit(FOLLOWING, 'reply(true, agreed);', 'reply(true, lastIndex(replica));'), FROM_THE_BEGINNING],
    directed: { raft: {} },
  },
  {
    name: 'raft-match-of-next',
    clause: 'Raft 5.3',
    breaks: 'takes what it sent for what was acknowledged',
    edits: [edit(LEADING, 'Math.max(progress.match, reply.index);', 'Math.max(progress.match, progress.next - 1);')],
    directed: { raft: {} },
  },
  {
    name: 'raft-commits-what-follows',
    clause: 'Raft 5.3',
    breaks: 'commits entries after those that are known to agree',
    edits: [edit(FOLLOWING, 'Math.min(commit, agreed)', 'Math.min(commit, lastIndex(replica))'), FROM_THE_BEGINNING],
    directed: { raft: {} },
  },
  {
    name: 'raft-previous-not-compared',
    clause: 'Raft 5.3',
    breaks: 'appends without looking at the term of the entry before',
    edits: [edit(FOLLOWING, 'here !== message.previousTerm', 'here < 0')],
    directed: { raft: { figure: 'figure-7' } },
  },
  {
    name: 'raft-cuts-what-agrees',
    clause: 'Raft 5.3',
    breaks: 'cuts its log at the end of an old message, though what follows agrees',
    edits: [
      edit(
        FOLLOWING,
        'const agreed = previousIndex + entries.length;',
        'const agreed = previousIndex + entries.length;\n  if (agreed >= replica.commit && agreed < lastIndex(replica)) writeLog(replica, agreed + 1, [], emit);',
      ),
    ],
    directed: { raft: {} },
  },
  {
    name: 'raft-leader-not-asked-for',
    clause: 'Raft 9.6',
    breaks: 'encourages a candidate while it hears a leader',
    edits: [edit(ELECTION, ' && !hasLeader(replica);', ';')],
    directed: { raft: {} },
  },
  {
    name: 'raft-pre-vote-disturbs',
    clause: 'Raft 9.6',
    breaks: 'takes the term of a pre-vote for a term that somebody is in',
    edits: [
      edit(
        ELECTION,
        "message.kind === 'request-vote' ? message.preVote :",
        "message.kind === 'request-vote' ? false :",
      ),
    ],
    directed: { raft: {} },
  },
  {
    name: 'raft-next-not-given',
    clause: 'Raft 8',
    breaks: 'leaves what waited for its turn until its client asks again',
    edits: [edit(LEDGER, 'queue.shift();\n    this.#submitFirst(sender);', 'queue.shift();')],
    directed: { raft: { compared: 'regions' } },
  },
  {
    name: 'raft-turn-lost',
    clause: 'Raft 8',
    breaks: 'lets a transaction overtake one that was offered to a server that is down',
    edits: [
      edit(
        LEDGER,
        'const identified = aside(() => identifyTransaction(bytes, id));',
        "if (present(this.#cluster.servers[node], 'server').replica === null) return;\n    const identified = aside(() => identifyTransaction(bytes, id));",
      ),
    ],
    directed: { raft: { compared: 'crash' } },
  },
  {
    name: 'raft-turns-ignored',
    clause: 'Raft 8',
    breaks: 'takes the transactions of one account in whatever order they come to the leader',
    edits: [edit(LEDGER, 'if (queue[0]?.id === id) this.#submitFirst(sender);', 'this.#cluster.submit(bytes, node);')],
    directed: { raft: { compared: 'partition-half' } },
  },
];
