/** The other cores: each answers one question after the other. */
import { Worker } from 'node:worker_threads';

/** A simulation of a minute takes a second, or ten seconds with the largest networks; one that takes this long hangs. */
const HANG_MS = 300_000;

export const launch = (name: 'worker' | 'climber'): Worker => new Worker(new URL(`./${name}.ts`, import.meta.url));

/** The worker's answer; a sentence when it has none. */
export function ask<Answer extends object>(worker: Worker, question: object): Promise<Answer | string> {
  const { promise, resolve } = Promise.withResolvers<Answer | string>();
  const watch = setTimeout(() => resolve('it hangs'), HANG_MS);
  const failed = (error: unknown): void => resolve(String(error));
  worker.once('message', resolve);
  worker.once('error', failed);
  worker.postMessage(question, []);
  return promise.finally(() => {
    clearTimeout(watch);
    worker.off('message', resolve);
    worker.off('error', failed);
  });
}
