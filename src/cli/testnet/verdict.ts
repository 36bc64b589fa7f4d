/** One line on how a testnet did: was the promise kept, how far did it come, who was caught at what. */
import type { Observation } from './observe.ts';

/** `safety held · 214 blocks · validator 3 caught equivocating at height 41`. Liars say nothing here. */
export function verdictText(observations: readonly Observation[], agreed: boolean): string {
  const honest = observations.flatMap(({ node, status }) =>
    node.byzantine === undefined && status !== undefined ? [status] : [],
  );
  if (honest.length === 0) return 'no verdict: no honest validator answers';
  const blocks = Math.max(0, ...honest.map(({ certifiedHeight }) => certifiedHeight));
  const firstLies = new Map<number, number>();
  for (const { validator, height } of honest.flatMap(({ offences }) => offences))
    firstLies.set(validator, Math.min(height, firstLies.get(validator) ?? height));
  const equivocators = [...firstLies].map(
    ([validator, height]) => `validator ${validator} caught equivocating at height ${height}`,
  );
  const breaches = new Map<number, Set<string>>();
  for (const { validator, code } of honest.flatMap(({ misbehaviour }) => misbehaviour))
    if (validator !== null) breaches.set(validator, (breaches.get(validator) ?? new Set()).add(code));
  const rude = [...breaches].map(
    ([validator, codes]) => `validator ${validator} caught sending ${[...codes].join(', ')}`,
  );
  return [agreed ? 'safety held' : 'SAFETY VIOLATED', `${blocks} blocks`, ...equivocators, ...rude].join(' · ');
}
