/**
 * Work: code that takes a processor's time says so where it does. In a node that costs one comparison; a simulation, whose
 * clock stands still while code runs, listens and lets the time go by.
 */

/** `decode` and `encode`: bytes, of the type with this name. `execute`: transactions of a body, named `body`. */
export type Work = 'decode' | 'encode' | 'execute';
type Listener = (work: Work, of: string, amount: number) => void;

let listener: Listener | null = null;

/** Called where the work is done. */
export function work(kind: Work, of: string, amount: number): void {
  if (listener !== null) listener(kind, of, amount);
}

/** Tells the listener of all work from now on, null nobody. Returns who was told before. */
export function listenToWork(to: Listener | null): Listener | null {
  const before = listener;
  listener = to;
  return before;
}
