/** All seeded bugs. */
import { budgetMutants } from './list/budgets.ts';
import { dataMutants } from './list/data.ts';
import { evidenceMutants } from './list/evidence.ts';
import { bodyMutants } from './list/bodies.ts';
import { changingSetMutants } from './list/changing-sets.ts';
import { memberMutants } from './list/members.ts';
import { memoryMutants } from './list/memory.ts';
import { simulatedDataMutants } from './list/simulated-data.ts';
import { stateMutants } from './list/state.ts';
import { timerMutants } from './list/timers.ts';
import { raftMutants } from './list/raft.ts';
import { residentMutants } from './list/resident.ts';
import { retransmissionMutants } from './list/retransmission.ts';
import { viewMutants } from './list/views.ts';
import { voteMutants } from './list/votes.ts';
import type { Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [
  ...voteMutants,
  ...viewMutants,
  ...timerMutants,
  ...retransmissionMutants,
  ...memoryMutants,
  ...budgetMutants,
  ...evidenceMutants,
  ...bodyMutants,
  ...dataMutants,
  ...residentMutants,
  ...simulatedDataMutants,
  ...raftMutants,
  ...stateMutants,
  ...memberMutants,
  ...changingSetMutants,
];
