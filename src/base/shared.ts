/**
 * What many nodes work out from one object. A simulation has all its nodes in one process, and what one of them sends comes to
 * the others as the very same object: it is decoded, hashed and made ready to be checked once. In a node, where nothing comes
 * twice, that costs one comparison. Each pays for the work all the same (`work.ts`), as if it had done it.
 */
import { listenToWork, type Work, work } from './work.ts';

interface Known<C, T> {
  readonly context: C | undefined;
  readonly result: T;
  readonly done: readonly (readonly [kind: Work, of: string, amount: number])[];
}

/** What is known of objects, kept in them where no copy takes it along and nobody sees it. It goes when they go: what a WeakMap
 *  holds of young objects the collector copies again and again. */
export class Beside<K extends object, V> {
  readonly #name = Symbol('beside');

  get(of: K): V | undefined {
    return (of as { readonly [name: symbol]: V | undefined })[this.#name];
  }

  set(of: K, value: V): void {
    Object.defineProperty(of, this.#name, { value, writable: true, configurable: true, enumerable: false });
  }
}

let sharing = false;

/** From now on, for the whole process: it runs a simulation. */
export function shareAmongNodes(): void {
  sharing = true;
}

/** From now on each node works out everything by itself: for whoever counts what they do. */
export function shareNothing(): void {
  sharing = false;
}

/** The function, which must depend on nothing but the object and the context; neither the object nor the result ever changes. */
export function shared<K extends object, T>(compute: (of: K) => T): (of: K) => T;
export function shared<K extends object, C, T>(compute: (of: K, context: C) => T): (of: K, context: C) => T;
export function shared<K extends object, C, T>(compute: (of: K, context?: C) => T): (of: K, context?: C) => T {
  const known = new Beside<K, Known<C, T>>();
  return (of, context) => {
    if (!sharing) return compute(of, context);
    const found = known.get(of);
    if (found !== undefined && found.context === context) {
      for (const [kind, name, amount] of found.done) work(kind, name, amount);
      return found.result;
    }
    const done: [Work, string, number][] = [];
    const before = listenToWork((...each) => {
      done.push(each);
      before?.(...each);
    });
    try {
      const result = compute(of, context);
      known.set(of, { context, result, done });
      return result;
    } finally {
      listenToWork(before);
    }
  };
}
