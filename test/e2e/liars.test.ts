import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { readLog } from './log.ts';
import { type Accused, accusations, type Seen, STRATEGIES, type Strategy, watchLiars } from './lying.ts';
import { TestnetFolder, type Up } from './trefoil.ts';

/** `npm run soak -- --liars` watches all of them, each for a minute. */
const WATCH_MS = 7_000;

installNodeSha256();
const ed25519 = await selectEd25519();

/** What honest nodes tell of a liar, beside what `watchLiar` checks of every one. `before`: of what it was accused before it
 *  took up this strategy. */
function expectReported(strategy: Strategy, folder: TestnetFolder, liar: number, seen: Seen, before?: Accused): void {
  if (strategy === 'silent') {
    // Silence is never proof.
    expect(seen.offences).toBe(before?.offences ?? 0);
    expect(new Set(seen.caught)).toEqual(new Set(before?.caught));
  }
  if (strategy === 'corrupt') expect(seen.caught.length).toBeGreaterThan(0);
  if (strategy !== 'equivocate') return;
  expect(seen.offences).toBeGreaterThan(0);
  expect(seen.reporters).toBeGreaterThan(0);
  expect(seen.caught).toContain('EQUIVOCATION');
  const told = [0, 1, 2, 3].flatMap((index) => (index === liar ? [] : readLog(folder.dir, index)));
  const line = present(
    told.find(({ offence }) => offence !== undefined),
    'a log line about the offence',
  );
  expect(line).toMatchObject({ validator: liar, level: 'warn' });
  expect(new Set(line.hashes).size).toBe(2);
}

describe.each(STRATEGIES)('a primary that is %s', (strategy) => {
  it('neither splits nor stops the honest, who accuse nobody else', async () => {
    await using folder = new TestnetFolder();
    const up = await folder.json<Up>('testnet', 'up', '--detach', '--byzantine', `0=${strategy}`);
    expectReported(strategy, folder, 0, await watchLiars({ folder, up, liars: [0], ed25519 }, WATCH_MS));
  });
});

describe('a backup', () => {
  const folder = new TestnetFolder();
  let up: Up;

  beforeAll(async () => {
    up = await folder.json<Up>('testnet', 'up', '--detach');
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  // Equivocation, and what follows from it, is seen in slashing.test.ts.
  it.each(STRATEGIES.filter((strategy) => strategy !== 'equivocate'))(
    'that is %s neither splits nor stops the honest, who accuse nobody else',
    async (strategy) => {
      await folder.json('testnet', 'start', '3', '--byzantine', strategy);
      const { nodes } = await folder.status();
      expect(nodes[0]?.primary).not.toBe(3);
      const network = { folder, up, liars: [3], ed25519 };
      // It lied on as before until it was started anew.
      const before = await accusations(network);
      expectReported(strategy, folder, 3, await watchLiars(network, WATCH_MS), before);
    },
  );
});
