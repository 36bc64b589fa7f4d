/** Bugs in counting, in the normal case and in CHECKPOINTs. */
import { edit, type Mutant } from '../mutant.ts';

const equivocation = { liars: [{ validator: 0, strategy: 'equivocate' }], faults: ['partition'] } as const;

export const voteMutants: readonly Mutant[] = [
  {
    name: 'quorum-off-by-one',
    clause: 'N8',
    breaks: 'takes one voter less for a quorum',
    edits: [edit('ledger/validators.ts', '3n * power > 2n * set.total', '3n * (power + 1n) > 2n * set.total')],
  },
  {
    name: 'quorum-2f+1',
    clause: 'deviation 1',
    breaks: 'takes 2f + 1 voters for a quorum where n is not 3f + 1',
    edits: [edit('ledger/validators.ts', '3n * power > 2n * set.total', 'power >= 2n * ((set.total - 1n) / 3n) + 1n')],
    directed: { powers: [1n, 1n, 1n, 1n, 1n, 1n], faults: ['partition'] },
  },
  {
    name: 'quorum-by-count',
    clause: 'deviation 1',
    breaks: 'counts voters, whatever their power',
    edits: [
      edit(
        'consensus/tally.ts',
        'if (isQuorum(set, powerOf(set, votersFor(votes, vote.hash)))) return vote.hash;',
        'if (3 * votersFor(votes, vote.hash).length > 2 * set.members.length) return vote.hash;',
      ),
    ],
    directed: { powers: [5n, 1n, 1n, 1n, 1n] },
  },
  {
    name: 'commit-on-weak-quorum',
    clause: 'N8',
    breaks: 'commits on COMMITs of f + 1',
    edits: [
      edit(
        'consensus/normal-case.ts',
        'const committed = quorumHash(validators, slot.commits);',
        `const commits = [...slot.commits.values()];
  const committed = commits
    .map(({ vote }) => vote.hash)
    .find((hash) => 3 * commits.filter(({ vote }) => vote.hash === hash).length > validators.members.length);`,
      ),
    ],
  },
  {
    name: 'votes-for-any-hash',
    clause: 'N7',
    breaks: 'counts votes for other bodies too',
    edits: [edit('consensus/tally.ts', 'if (vote.hash === hash) voters.push', 'if (vote.hash !== null) voters.push')],
  },
  {
    name: 'votes-counted-twice',
    clause: 'N3',
    breaks: 'counts a vote again each time that it arrives',
    edits: [
      edit('consensus/relevance.ts', 'return slot?.prepares.get(voter)?.vote.hash !== vote.hash;', 'return true;'),
      edit(
        'consensus/normal-case.ts',
        `    accuse(replica, earlier, signed, emit);
    return false;
  }`,
        `    accuse(replica, earlier, signed, emit);
    earlier.times = (earlier.times ?? 1) + 1;
    return true;
  }`,
      ),
      edit(
        'consensus/tally.ts',
        'for (const [voter, { vote }] of votes)',
        'for (const [voter, { vote, times }] of votes)',
      ),
      edit('consensus/tally.ts', 'voters.push(voter);', 'for (let i = 0; i < (times ?? 1); i++) voters.push(voter);'),
      edit('ledger/validators.ts', 'of new Set(indices)', 'of indices'),
    ],
    directed: { faults: ['duplication', 'partition'] },
  },
  {
    name: 'prepared-without-pre-prepare',
    clause: 'N7',
    breaks: 'is prepared by PREPAREs alone, though it has no PRE-PREPARE',
    edits: [
      edit(
        'consensus/tally.ts',
        `  if (slot.prePrepare === null) return undefined;
  const { vote, voter, signature } = slot.prePrepare;`,
        `  const some = slot.prePrepare ?? slot.prepares.values().next().value;
  if (some === undefined) return undefined;
  const { vote, voter, signature } = some;`,
      ),
      edit(
        'consensus/normal-case.ts',
        "if (self === null || slot.body !== 'valid' || slot.commits.has(self)) return;",
        'if (self === null || slot.commits.has(self)) return;',
      ),
    ],
    directed: { faults: ['loss', 'reorder'] },
  },
  {
    name: 'commit-without-body',
    clause: 'N7',
    breaks: 'commits to a body that it does not hold',
    edits: [
      edit(
        'consensus/normal-case.ts',
        "if (self === null || slot.body !== 'valid' || slot.commits.has(self)) return;",
        'if (self === null || slot.prePrepare === null || slot.commits.has(self)) return;',
      ),
    ],
    directed: { liars: [{ validator: 0, strategy: 'withhold' }], faults: ['crash'] },
  },
  {
    name: 'prepares-without-body',
    clause: 'N5',
    breaks: 'prepares whatever hash the primary names, without the body',
    edits: [
      edit(
        'consensus/normal-case.ts',
        "slot.prePrepare === null || slot.body !== 'valid' || isPrimary(replica)) return;",
        'slot.prePrepare === null || isPrimary(replica)) return;',
      ),
      edit(
        'consensus/normal-case.ts',
        "if (self === null || slot.body !== 'valid' || slot.commits.has(self)) return;",
        'if (self === null || slot.commits.has(self)) return;',
      ),
    ],
    directed: { liars: [{ validator: 0, strategy: 'withhold' }] },
  },
  {
    name: 'body-not-stored-before-prepare',
    clause: 'N5',
    breaks: 'prepares a body that a power cut would take from it',
    edits: [
      edit('driver/bodies/verdicts.ts', 'if (valid) this.#keep(height, hash);\n      else if (', 'if (!valid && '),
    ],
    directed: { faults: ['crash', 'slow'] },
  },
  {
    name: 'invalid-body-accepted',
    clause: 'N6',
    breaks: 'prepares bodies that are not valid',
    edits: [
      edit(
        'driver/bodies/judge.ts',
        'if (epoch === undefined || body.proposer !== primaryOf(epoch, view)) return false;',
        '',
      ),
    ],
    directed: { liars: [{ validator: 0, strategy: 'invalid-body' }] },
  },
  {
    name: 'wrong-time-accepted',
    clause: 'N6',
    breaks: 'prepares bodies with any time',
    edits: [
      edit('driver/bodies/judge.ts', 'if (body.timestampMs > nowMs + clockDriftMs) return false;', ''),
      edit(
        'driver/bodies/judge.ts',
        'return body.timestampMs >= this.#attention.oldestMs(nowMs, headMs());',
        'return headMs() >= 0;',
      ),
    ],
    directed: { liars: [{ validator: 0, strategy: 'wrong-time' }] },
  },
  {
    name: 'second-pre-prepare-accepted',
    clause: 'N2',
    breaks: 'takes the last PRE-PREPARE of a place for the one that counts',
    edits: [
      edit('consensus/normal-case.ts', 'if (slot.prePrepare !== null) {\n    accuse', 'if (false) {\n    accuse'),
    ],
    directed: { liars: [{ validator: 0, strategy: 'double-vote' }] },
  },
  {
    name: 'wrong-primary-accepted',
    clause: 'N2',
    breaks: 'accepts a PRE-PREPARE from whoever sends one',
    edits: [
      edit(
        'consensus/authenticate.ts',
        "if (vote.kind === 'pre-prepare' && primaryOf(authority, vote.view) !== voter)",
        'if (false)',
      ),
    ],
    directed: { liars: [{ validator: 3, strategy: 'usurp' }] },
  },
  {
    name: 'vote-signatures-not-verified',
    clause: 'N2',
    breaks: 'believes votes without looking at their signatures',
    edits: [
      edit(
        'consensus/authenticate.ts',
        'if (!authority.verify(validator.publicKey, voteSigningBytes(authority.chainId, vote), signed.signature))',
        'if (false)',
      ),
    ],
    directed: { liars: [{ validator: 0, strategy: 'impersonate' }] },
  },
  {
    name: 'high-water-mark-ignored',
    clause: 'N2',
    breaks: 'votes beyond the end of its window',
    edits: [
      edit(
        'consensus/replica.ts',
        'Math.min(stableHeight(replica) + replica.instance.window, replica.instance.lastHeight) as Height',
        'replica.instance.lastHeight',
      ),
    ],
  },
  {
    name: 'low-water-mark-ignored',
    clause: 'N10',
    breaks: 'opens heights that are settled',
    edits: [
      edit(
        'consensus/replica.ts',
        'height > stableHeight(replica) && height <= windowEnd(replica)',
        'height <= windowEnd(replica)',
      ),
    ],
  },
  {
    name: 'votes-of-other-views-counted',
    clause: 'N10',
    breaks: 'counts votes of other views as those of its own',
    edits: [edit('consensus/relevance.ts', 'if (vote.view !== replica.view || !inWindow', 'if (!inWindow')],
    directed: { faults: ['partition', 'delay'] },
  },
  {
    name: 'skipped-heights-examined',
    clause: 'N4',
    breaks: 'votes beyond a height that the primary left out',
    edits: [
      edit(
        'consensus/normal-case.ts',
        'for (let height = stableHeight(replica) + 1; ; height++) {',
        'for (let height = stableHeight(replica) + 1; height <= stableHeight(replica) + replica.instance.window; height++) {',
      ),
      edit(
        'consensus/normal-case.ts',
        'if (slot === undefined) return;\n    if (slot.prePrepare === null) {',
        'if (slot === undefined) continue;\n    if (slot.prePrepare === null) {',
      ),
      edit('consensus/normal-case.ts', 'if (slot.committed !== null) continue;\n      return;', 'continue;'),
    ],
    directed: { liars: [{ validator: 0, strategy: 'skip' }] },
  },
  {
    name: 'evidence-accuses-the-honest',
    clause: 'N3',
    breaks: 'compares signatures by identity, so that a repeated vote is a second one',
    edits: [
      edit('consensus/evidence.ts', 'a.vote.hash !== b.vote.hash;', 'a.signature !== b.signature;'),
      edit('consensus/relevance.ts', 'return slot?.prepares.get(voter)?.vote.hash !== vote.hash;', 'return true;'),
    ],
  },
  {
    name: 'epoch-not-checked-in-votes',
    clause: 'E1',
    breaks: 'takes votes of another epoch for those of its own',
    edits: [
      edit(
        'consensus/authenticate.ts',
        "if (vote.epoch !== authority.epoch) return fail('WRONG_EPOCH', `vote of epoch ${vote.epoch}`);",
        '',
      ),
    ],
  },
  {
    name: 'window-never-advanced',
    clause: 'C2',
    breaks: 'keeps its window where it is',
    edits: [edit('consensus/checkpoint.ts', '  replica.stable = certificate;\n', '')],
  },
  {
    name: 'certificate-on-weak-quorum',
    clause: 'C2',
    breaks: 'takes CHECKPOINTs of f + 1 for a certificate, its own and those of others',
    edits: [
      edit(
        'consensus/tally.ts',
        'if (isQuorum(set, powerOf(set, votersFor(votes, vote.hash)))) return vote.hash;',
        "if ((vote.kind === 'checkpoint' ? 2n : 1n) * 3n * powerOf(set, votersFor(votes, vote.hash)) > 2n * set.total) return vote.hash;",
      ),
      edit(
        'consensus/authenticate.ts',
        "if (!isQuorum(authority.validators, power)) return fail('QUORUM_NOT_MET', `${vote.kind}s of power ${power}`);",
        "if (3n * power <= authority.validators.total) return fail('QUORUM_NOT_MET', `${vote.kind}s of power ${power}`);",
      ),
    ],
    directed: equivocation,
  },
  {
    name: 'certificates-not-verified',
    clause: 'C2',
    breaks: 'believes finality certificates without looking at their signatures',
    edits: [
      edit(
        'consensus/authenticate.ts',
        'return checkQuorum(authority, checkpointOf(certificate), certificate.signers, certificate.signatures, null);',
        'return FINE;',
      ),
    ],
    directed: { liars: [{ validator: 3, strategy: 'forge-certificate' }] },
  },
  {
    name: 'stable-moves-back',
    clause: 'C2',
    breaks: 'takes an older certificate for the newest',
    edits: [
      edit('consensus/checkpoint.ts', 'if (certificate.height <= stableHeight(replica)) return;\n  agree', 'agree'),
    ],
  },
  {
    name: 'stable-at-execution',
    clause: 'C2',
    breaks: 'forgets a height when it is executed here, though nothing certifies it',
    edits: [
      edit(
        'consensus/checkpoint.ts',
        'agree(replica, replica.stable);\n  declare',
        'agree(replica, replica.stable);\n  replica.slots.delete(height);\n  declare',
      ),
    ],
    directed: { faults: ['partition', 'crash'] },
  },
  {
    name: 'stable-below-executed',
    clause: 'C4',
    breaks: 'proposes and votes from the certificate on, though it executed more, and asks for what it has',
    edits: [
      edit(
        'consensus/checkpoint.ts',
        'replica.orderedHeight = Math.max(replica.orderedHeight, height) as Height;\n  replica.blockHashes',
        'replica.orderedHeight = stableHeight(replica);\n  replica.blockHashes',
      ),
    ],
  },
];
