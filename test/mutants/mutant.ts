/** Seeded bugs: small edits of the sources, each of which breaks a clause of SPEC.md, a rule of Raft, what a state is, or what
 *  operations mean. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScenarioName } from '../../src/compare/scenario.ts';
import type { Clause } from '../../src/consensus/marks.ts';

export interface Edit {
  /** Path below src. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replacement: string;
}

/** What has to go wrong for the bug to show: options of `trefoil simulate`, tried with every seed beside scenarios of all
 *  kinds. What is left out the seed decides. */
export interface Directed {
  readonly powers?: readonly bigint[];
  readonly liars?: readonly { readonly validator: number; readonly strategy: string }[];
  /** What liars with the strategy `plan` do together. */
  readonly plan?: string;
  readonly faults?: readonly string[];
  /** Whether validators come and go. */
  readonly members?: boolean;
  /** File in test/simulator/scenarios, without its ending: played before all others. */
  readonly transcript?: string;
  /** The bug is in Raft: no scenario above is played, but its own seeds, and before them a figure of its paper, if one is
   *  named (src/compare/raft/figures.ts); or instead of them this scenario of the comparison, where the bug is in what executes
   *  its log. */
  readonly raft?: { readonly figure?: string; readonly compared?: ScenarioName };
  /** No simulation can see the bug: all replicas have it, and agree, or none of them runs what has it. No scenario is played then, but
   *  this file of tests is run once, whose path is from the project's root. */
  readonly tests?: string;
}

export interface Mutant {
  readonly name: string;
  /** The clause of SPEC.md that it breaks, or the deviation; or the bound on what peers may cost; or the section of the paper
   *  of Raft, or of the thesis; or the state, or what operations on data mean, or who may vote, of which no clause tells. */
  readonly clause: Clause | `deviation ${number}` | 'cost' | 'data' | 'members' | `Raft ${string}` | 'state';
  /** One line, with the replica as the subject. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  readonly directed?: Directed;
}

export const edit = (file: string, find: string, replacement: string): Edit => ({ file, find, replacement });

/** What does not fit: edits whose text does not stand in the sources once, a sentence each. */
export function misfits(sources: string, { name, edits }: Mutant): readonly string[] {
  return edits.flatMap(({ file, find }) => {
    const found = readFileSync(join(sources, file), 'utf8').split(find).length - 1;
    return found === 1 ? [] : [`${name}: the text to change stands ${found} times in ${file}: ${find}`];
  });
}

/** Applies the edits to a copy of the sources, which they fit. */
export function seed(copy: string, { edits }: Mutant): void {
  for (const { file, find, replacement } of edits) {
    const path = join(copy, file);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(find, () => replacement),
    );
  }
}
