/**
 * Marks: the code says which clause of SPEC.md it obeys at the place where it does. In a node they cost one comparison; a
 * test listens, and fails when a clause is never exercised.
 */
export const CLAUSES = [
  'N1',
  'N2',
  'N3',
  'N4',
  'N5',
  'N6',
  'N7',
  'N8',
  'N9',
  'N10',
  'N11',
  'C1',
  'C2',
  'C3',
  'C4',
  'C5',
  'C6',
  'V1',
  'V2',
  'V3',
  'V4',
  'V5',
  'V6',
  'V7',
  'V8',
  'V9',
  'V10',
  'V11',
  'V12',
  'V13',
  'V14',
  'V15',
  'V16',
  'A1',
  'A2',
  'A3',
  'A4',
  'R1',
  'R2',
  'R3',
  'R4',
  'R5',
  'R6',
  'R7',
  'R8',
  'R9',
  'R10',
  'R11',
  'P1',
  'P2',
  'P3',
  'P4',
  'P5',
  'P6',
  'P7',
  'E1',
] as const;
export type Clause = (typeof CLAUSES)[number];

let listener: ((clause: Clause) => void) | null = null;

/** Called where the code obeys a clause. */
export function mark(clause: Clause): void {
  if (listener !== null) listener(clause);
}

/** Tells the listener of every mark that is passed; null ends it. */
export function listenToMarks(to: ((clause: Clause) => void) | null): void {
  listener = to;
}
