/** What the tool finds in transcripts of honest nodes. */
import { authorityOf } from '../../src/consensus/authenticate.ts';
import { findCulprits } from '../../src/forensics/culprits.ts';
import { epochsIn, type Transcript } from '../../src/forensics/transcript.ts';
import { present } from '../../src/base/invariant.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';
import { standIn } from '../../src/simulator/world/stand-in.ts';

/** Forks and culprits of all epochs, as short lines: there have to be none. */
export function nobodyLied(genesis: Genesis, transcripts: readonly Transcript[]): readonly string[] {
  const epochs = epochsOf(genesis);
  return [...new Set(transcripts.flatMap(epochsIn))].flatMap((number) => {
    const epoch = present(epochs.of(number), 'the epoch');
    const { fork, culprits } = findCulprits(authorityOf(epoch, genesis, standIn.verify), transcripts);
    const named = culprits.map(({ index, proof }) => `epoch ${number}: validator ${index}, ${proof.kind}`);
    return fork === undefined ? named : [...named, `epoch ${number} forked at ${fork.height}`];
  });
}
