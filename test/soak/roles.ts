/** In which role each liar can do what it is for. */
import { strategies } from '../../src/strategies/registry.ts';

/**
 * - `backup`: validator 3, while nobody else fails.
 * - `primary`: validator 1. Whenever an honest primary has had its time it is killed and started again: so the liar becomes the
 *   primary under load, and does again after it was replaced.
 * - `view changes`: validator 1, and every primary falls in its turn. A liar is stopped and goes on, so that it remembers its lies;
 *   with an honest primary its neighbour is killed in the same moment, so that some of what was prepared is not committed.
 */
export type Role = 'backup' | 'primary' | 'view changes';

export interface Lie {
  readonly validator: number;
  readonly strategy: string;
}

/** One run on one network. */
export interface Trial {
  readonly nodes: number;
  readonly role: Role;
  readonly lies: readonly Lie[];
}

const AS_PRIMARY: readonly Role[] = ['primary'];
const AS_BACKUP: readonly Role[] = ['backup'];
const IN_VIEW_CHANGES: readonly Role[] = ['view changes'];
/** They also bring about view changes by themselves. */
const RESTLESS: readonly Role[] = ['backup', 'view changes'];

/** A liar that is not here lies as backup and as primary. */
const ROLES: ReadonlyMap<string, readonly Role[]> = new Map([
  ['double-checkpoint', AS_BACKUP],
  ['spam-view-change', AS_BACKUP],
  ['forge-certificate', AS_BACKUP],
  ['slow', AS_PRIMARY],
  ['censor', AS_PRIMARY],
  ['repeat', AS_PRIMARY],
  ['skip', AS_PRIMARY],
  ['withhold', AS_PRIMARY],
  ['invalid-body', AS_PRIMARY],
  ['wrong-time', AS_PRIMARY],
  ['slander', AS_PRIMARY],
  ['oversize', AS_PRIMARY],
  ['hoard', AS_PRIMARY],
  ['usurp', AS_BACKUP],
  ['forge-prepared', RESTLESS],
  ['stale-prepared', RESTLESS],
  ['hide-prepared', RESTLESS],
  ['bad-new-view', RESTLESS],
  ['short-new-view', RESTLESS],
  ['two-new-views', RESTLESS],
  // It lies to those who catch up.
  ['lie-status', IN_VIEW_CHANGES],
]);

/** Two liars next to one another in the order of primaries, so that one view after the other fails. */
const PAIRS: readonly Trial[] = [
  pair('primary', 'equivocate', 'double-vote'),
  pair('view changes', 'hide-prepared', 'bad-new-view'),
  pair('view changes', 'forge-prepared', 'two-new-views'),
  pair('primary', 'withhold', 'censor'),
];

function pair(role: Role, first: string, second: string): Trial {
  const lies = [
    { validator: 1, strategy: first },
    { validator: 2, strategy: second },
  ];
  return { nodes: 7, role, lies };
}

/** Who votes for two things: never to go unnoticed. */
export const EQUIVOCATORS: ReadonlySet<string> = new Set(['equivocate', 'double-vote', 'double-checkpoint']);

/** All trials; with names, those in which each of the liars has one of them. */
export function trials(only?: ReadonlySet<string>): readonly Trial[] {
  const single = [...strategies.keys()].flatMap((strategy) =>
    (ROLES.get(strategy) ?? [...AS_BACKUP, ...AS_PRIMARY]).map((role): Trial => {
      return { nodes: 4, role, lies: [{ validator: role === 'backup' ? 3 : 1, strategy }] };
    }),
  );
  const isWanted = ({ lies }: Trial) => only === undefined || lies.every(({ strategy }) => only.has(strategy));
  return [...single, ...PAIRS].filter(isWanted);
}
