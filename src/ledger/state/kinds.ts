/** The kinds of entries that there are, for whoever reads a state that was stored. */
import { ACCOUNTS } from '../account.ts';
import { COUNTERS } from '../data/counter.ts';
import { ENTRIES } from '../data/entry.ts';
import { MEMBERS } from '../data/member.ts';
import { NAMESPACES } from '../data/namespace.ts';
import { ATTENDANCES } from '../membership/attendance.ts';
import { EPOCHS } from '../membership/epoch-record.ts';
import { GOVERNANCES, PROPOSALS } from '../membership/proposal.ts';
import { VALIDATORS } from '../membership/validator-record.ts';
import { OFFENCES } from '../offence.ts';
import type { StateKey } from './entry-kind.ts';

const ALL: readonly StateKey['kind'][] = [
  ACCOUNTS,
  OFFENCES,
  NAMESPACES,
  ENTRIES,
  COUNTERS,
  MEMBERS,
  VALIDATORS,
  EPOCHS,
  ATTENDANCES,
  PROPOSALS,
  GOVERNANCES,
];

/** By name: what stands before the slash in the text of a key. */
export const ENTRY_KINDS: ReadonlyMap<string, StateKey['kind']> = new Map(ALL.map((kind) => [kind.name, kind]));
