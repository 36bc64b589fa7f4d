/** Writes batches of two keys without end, and prints how many are done: a process for a test to kill. */
import { openLevelStore } from '../../src/storage/level-store.ts';

const put = (key: string) => ({ kind: 'put', key, value: Uint8Array.of(1) }) as const;
const store = await openLevelStore(process.argv[2] as string);
let next = 0;
let done = 0;

function writeOne(): void {
  const key = String(next++).padStart(8, '0');
  store.write([put(`${key}/a`), put(`${key}/b`)], (error) => {
    if (error) throw error;
    process.stdout.write(`${++done}\n`);
    writeOne();
  });
}

for (let i = 0; i < 8; i++) writeOne();
