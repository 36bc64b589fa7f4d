/**
 * Loaded into every process of a network whose memory is measured. On SIGUSR2 it collects all garbage and says in the log how
 * many MiB are in use then: objects, and the buffers outside the heap that they hold.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

export const COLLECTED = 'memory-collected';

/** Only nodes have a log; the harness, too, imports this file. */
if (isMainThread && process.argv.includes('node') && process.argv.includes('start')) {
  process.on('SIGUSR2', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // Buffers are freed with the collection after that of the objects that hold them.
    for (let time = 0; time < 2; time++) collect();
    const { heapUsed, external } = process.memoryUsage();
    const msg = ((heapUsed + external) / 1024 / 1024).toFixed(1);
    process.stderr.write(`${JSON.stringify({ level: 'info', kind: COLLECTED, msg })}\n`);
  });
}
