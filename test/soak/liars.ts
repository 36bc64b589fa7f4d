/** `npm run soak -- --liars`: each liar, as primary and as backup, for longer than a test can wait. */
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { STRATEGIES, watchLiar } from '../e2e/lying.ts';
import { TestnetFolder, type Up } from '../e2e/trefoil.ts';

const WATCH_MS = 120_000;
/** The primary of view 0, and one of its backups. */
const LIARS = [0, 3] as const;

/** Throws when something that has to hold of every liar does not. */
export async function soakLiars(signal: AbortSignal, say: (line: string) => void): Promise<void> {
  installNodeSha256();
  const ed25519 = await selectEd25519();
  for (const strategy of STRATEGIES) {
    for (const liar of LIARS) {
      if (signal.aborted) return;
      await using folder = new TestnetFolder();
      const up = await folder.json<Up>('testnet', 'up', '--detach', '--byzantine', `${liar}=${strategy}`);
      const seen = await watchLiar(folder, up, liar, ed25519, WATCH_MS);
      if (strategy === 'equivocate' && seen.offences === 0)
        throw new Error('nobody reports that a validator equivocates');
      say(`validator ${liar}, ${strategy}: ${JSON.stringify(seen)}`);
    }
  }
}
