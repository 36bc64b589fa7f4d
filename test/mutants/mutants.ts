/** All seeded bugs. */
import { memoryMutants } from './list/memory.ts';
import { viewMutants } from './list/views.ts';
import { voteMutants } from './list/votes.ts';
import type { Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [...voteMutants, ...viewMutants, ...memoryMutants];
