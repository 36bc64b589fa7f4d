/** Threads that mine for real. What they find, and when, nothing decides: each test goes on until it has seen what it waits for. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { type MiningOutcome, type MiningSight, runMiners } from '../../src/miners/run.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

async function mineUntil(isSeen: (sight: MiningSight) => boolean): Promise<[MiningOutcome, readonly MiningSight[]]> {
  const stopping = new AbortController();
  const sights: MiningSight[] = [];
  const outcome = await runMiners({
    miners: 4,
    seconds: 120,
    seed: 7,
    ed25519: await selectEd25519(),
    signal: stopping.signal,
    see: (sight) => {
      sights.push(sight);
      if (isSeen(sight)) stopping.abort();
    },
  });
  return [outcome, sights];
}

describe('four miners', () => {
  test('fork and reorganise, and agree in the end on a state that equals replay', async () => {
    let [tookBack, laden] = [false, 0];
    const [outcome, sights] = await mineUntil((sight) => {
      if (sight.kind === 'reorganised' && sight.takenBack.length > 0) tookBack = true;
      // What was taken back comes again: some blocks with transactions, one after the other, or none may be left in the end.
      else if (tookBack && sight.kind === 'block' && !sight.forks && sight.block.transactions.length > 0) laden += 1;
      return laden >= 3;
    });
    expect(outcome.agreed).toBe(true);
    expect(outcome.forks).toBeGreaterThan(0);
    expect(outcome.blocks).toBeGreaterThan(outcome.height);
    expect(outcome.reorganisations.every(({ depth }) => depth > 0)).toBe(true);
    expect(outcome.reorganisations.some(({ undone }) => undone.length > 0)).toBe(true);
    expect(outcome.transactions).toBeGreaterThan(0);
    expect(sights.filter(({ kind }) => kind === 'closed')).toHaveLength(outcome.forks);
  });

  test('are seen from the command line, in JSON alone', () => {
    const args = ['pow', 'mine', '--miners', '4', '--seconds', '8', '--json'];
    const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const answer = JSON.parse(stdout) as MiningOutcome;
    expect(answer).toMatchObject({ agreed: true, stateRoot: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const { blocks, height, forks, reorganisations } = answer;
    expect(height).toBeGreaterThan(0);
    expect(blocks).toBeGreaterThanOrEqual(height);
    // A block that did not stay was left in a fork, and whoever had found it stood on it until then.
    const lost = blocks - height;
    expect([forks > 0, reorganisations.length > 0]).toEqual([lost > 0, lost > 0]);
    expect(forks).toBeLessThanOrEqual(lost);
    expect(reorganisations.every(({ depth, undone }) => depth > 0 && Array.isArray(undone))).toBe(true);
  });
});
