/** What honest nodes keep for forensics names liars only, whatever happened; and there is no fork to name them for. */
import type { Ed25519 } from '../../crypto/ed25519.ts';
import { authorityOf } from '../../consensus/authenticate.ts';
import { transcriptOf } from '../../driver/durability/hearsay.ts';
import { findCulprits } from '../../forensics/culprits.ts';
import { epochsIn, type Transcript } from '../../forensics/transcript.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedDisk } from '../world/disk.ts';
import type { SimulatedNode } from '../world/node.ts';

/** Nodes whose transcripts are looked at together: two tell of a fork, and a third of what they missed. */
const NODES = 3;

interface World {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  readonly nodes: readonly SimulatedNode[];
  readonly scheme: Pick<Ed25519, 'verify'>;
}

export function forensics({ genesis, epochs, nodes, scheme }: World, violate: Violate): Checker {
  return {
    name: 'forensics',
    finished() {
      const transcripts = nodes
        .filter(({ isHonest }) => isHonest)
        .slice(0, NODES)
        .map(({ disk }) => heardOn(disk));
      for (const number of new Set(transcripts.flatMap(epochsIn))) {
        const epoch = epochs.of(number);
        if (epoch === undefined) continue;
        const { fork, culprits } = findCulprits(authorityOf(epoch, genesis, scheme.verify), transcripts);
        if (fork !== undefined) violate(`epoch ${number} forked at height ${fork.height}`);
        for (const { index, proof } of culprits) {
          const accused = nodes.filter(({ validator }) => validator === index);
          if (accused.length > 0 && accused.every(({ isLiar }) => !isLiar))
            violate(`${proof.kind} of honest validator ${index} is found in what nodes kept of epoch ${number}`);
        }
      }
    },
  };
}

const heardOn = (disk: SimulatedDisk): Transcript =>
  transcriptOf(
    [...disk.under('heard/commits/')],
    [...disk.under('heard/new-view/'), ...disk.under('heard/lie/')],
    [...disk.under('certificate/')],
  );
