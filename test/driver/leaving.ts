/** A network of five in short epochs, one of whom is to be caught at a lie: its seat is gone with the next epoch. */
import type { Epoch, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import type { Evidence } from '../../src/ledger/evidence.ts';
import { type SignedVote, voteSigningBytes } from '../../src/ledger/vote.ts';
import { H } from '../consensus/kit.ts';
import { Cluster } from './cluster.ts';

export const EPOCH_LENGTH = 4;
/** Not the last: those after it keep their indices, and stand at other places among the members. */
export const LEAVER = 1;
export const STAYING = [0, 2, 3, 4];

/** Two votes of the leaver in one place. */
export function doubleVote(cluster: Cluster, epoch: number, height: number): Evidence {
  const vote = (letter: string): SignedVote => {
    const unsigned = {
      kind: 'prepare' as const,
      epoch: epoch as Epoch,
      view: 0 as View,
      height: height as Height,
      hash: H(letter),
    };
    const signature = cluster.sign(LEAVER, voteSigningBytes(cluster.genesis.chainId, unsigned));
    return { vote: unsigned, voter: LEAVER as ValidatorIndex, signature };
  };
  return { kind: 'equivocation', first: vote('a'), second: vote('b') };
}

/** Only those are connected that admit each other. */
export function fiveOfWhomOneLeaves(): Cluster {
  const cluster = new Cluster(5, (text) => Object.assign(text.consensus, { epochLength: EPOCH_LENGTH }));
  cluster.isClosed = true;
  return cluster;
}
