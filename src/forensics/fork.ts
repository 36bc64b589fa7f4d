/** Where a chain forked: two quorums of one height that can only both be there when more than a third of the power lied. */
import type { Hash, Height } from '../base/brand.ts';
import type { Authority } from '../consensus/authenticate.ts';
import { isQuorum, powerOf } from '../ledger/validators.ts';
import type { SignedVote } from '../ledger/vote.ts';
import { isSigned, type StatementsBy } from './statements.ts';

export interface Fork {
  readonly height: Height;
  /** What two quorums signed differently: CHECKPOINTs of blocks, or COMMITs of bodies. */
  readonly kind: 'checkpoint' | 'commit';
  /** Of the blocks, or bodies. */
  readonly hashes: readonly Hash[];
}

/** The fork of the lowest height; undefined where no two quorums contradict each other. */
export function forkIn(authority: Authority, statements: StatementsBy): Fork | undefined {
  const forks = (['commit', 'checkpoint'] as const).flatMap((kind) => forksOf(authority, statements, kind));
  return forks.sort((a, b) => a.height - b.height)[0];
}

function forksOf(authority: Authority, statements: StatementsBy, kind: Fork['kind']): Fork[] {
  const byHeight = new Map<Height, SignedVote[]>();
  for (const { votes } of statements.values())
    for (const signed of [...votes.values()].flat()) {
      if (signed.vote.kind !== kind) continue;
      const others = byHeight.get(signed.vote.height);
      if (others === undefined) byHeight.set(signed.vote.height, [signed]);
      else others.push(signed);
    }
  return [...byHeight].flatMap(([height, votes]): Fork[] => {
    if (new Set(votes.map(({ vote }) => vote.hash)).size < 2) return [];
    const hashes = certified(authority, votes);
    return hashes.length < 2 ? [] : [{ height, kind, hashes }];
  });
}

/** For which hashes there is a quorum of these votes, of COMMITs in one view. */
function certified(authority: Authority, votes: readonly SignedVote[]): readonly Hash[] {
  const { validators } = authority;
  const groups = Map.groupBy(votes, ({ vote }) => `${vote.view}/${vote.hash}`);
  const hashes = [...groups.values()].flatMap((group) => {
    const voters = group.filter((signed) => isSigned(authority, signed)).map(({ voter }) => voter);
    return isQuorum(validators, powerOf(validators, voters)) ? group.slice(0, 1).map(({ vote }) => vote.hash) : [];
  });
  return [...new Set(hashes)].sort();
}
