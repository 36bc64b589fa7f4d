/** One line on how a testnet did: was the promise kept, how far did it come, who was caught at what. */
import type { OffenceJson } from '../../api/block.ts';
import type { Observation } from './observe.ts';

/** `safety held · 214 blocks · validator 3 caught equivocating at height 41`. Liars say nothing here. */
export function verdictText(observations: readonly Observation[], agreed: boolean): string {
  const honest = observations.flatMap(({ node, status }) =>
    node.byzantine === undefined && status !== undefined ? [status] : [],
  );
  if (honest.length === 0) return 'no verdict: no honest validator answers';
  const blocks = Math.max(0, ...honest.map(({ certifiedHeight }) => certifiedHeight));
  const firstLies = new Map<number, Pick<OffenceJson, 'kind' | 'height'>>();
  for (const offence of honest.flatMap(({ offences }) => offences)) {
    const earlier = firstLies.get(offence.validator);
    if (earlier === undefined || offence.height < earlier.height) firstLies.set(offence.validator, offence);
  }
  const offenders = [...firstLies].map(([validator, { kind, height }]) => {
    const what = kind === 'amnesia' ? 'hiding its COMMIT' : 'equivocating';
    return `validator ${validator} caught ${what} at height ${height}`;
  });
  const breaches = new Map<number, Set<string>>();
  for (const { validator, code } of honest.flatMap(({ misbehaviour }) => misbehaviour))
    if (validator !== null) breaches.set(validator, (breaches.get(validator) ?? new Set()).add(code));
  const rude = [...breaches].map(
    ([validator, codes]) => `validator ${validator} caught sending ${[...codes].join(', ')}`,
  );
  return [agreed ? 'safety held' : 'SAFETY VIOLATED', `${blocks} blocks`, ...offenders, ...rude].join(' · ');
}
