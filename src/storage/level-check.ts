/** What is looked at in the files of a LevelDB before LevelDB opens them, and hides what it cannot read. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { damageIn } from './level-log.ts';
import { isIndexFlipped } from './level-table.ts';

/** Where the folder lost what was synced, if it can be told from a crash. Changes nothing. */
export async function findDamage(folder: string): Promise<string | undefined> {
  // A folder that is missing, or is none, is LevelDB's to judge.
  const names = await readdir(folder).catch(() => []);
  const numbered = names.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const logs = numbered.filter((name) => /^\d+\.log$/.test(name));
  const damage = damageIn(
    await Promise.all(logs.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) }))),
  );
  if (damage !== undefined) return `${damage.name}, at byte ${damage.at}`;
  for (const name of numbered) {
    if (!/^\d+\.ldb$/.test(name)) continue;
    await using table = await open(join(folder, name));
    if (await isIndexFlipped(table)) return `the index of ${name}`;
  }
  return undefined;
}
