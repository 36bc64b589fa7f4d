/** Faults at random times, of random length. */
import { faults } from '../faults/faults.ts';
import type { Random } from '../../base/random.ts';
import type { Simulation } from '../simulation.ts';

/** Lets faults of these kinds begin and end at random until it is told to stop. */
export function unleash(world: Simulation, kinds: readonly string[], random: Random): { stop(): void } {
  const chosen = kinds.flatMap((name) => {
    const fault = faults.get(name);
    return fault === undefined ? [] : [{ name, fault }];
  });
  let stopped = chosen.length === 0;
  // Rare or frequent, long or short: each run is of one character.
  const pauseMs = random.between(200, 6000);
  const lastMs = random.between(100, 8000);
  let count = 0;
  const next = (): void => {
    if (stopped) return;
    world.scheduler.after(random.between(0, 2 * pauseMs), () => {
      if (stopped) return;
      const { name, fault } = random.pick(chosen);
      const trouble = fault.begin(world, random);
      world.troubles += 1;
      const number = ++count;
      world.note('fault', name, trouble.whom, number);
      world.scheduler.after(random.between(0, 2 * lastMs), () => {
        if (stopped) return;
        world.note('fault-ends', name, trouble.whom, number);
        trouble.end();
        world.troubles += 1;
      });
      next();
    });
  };
  next();
  return {
    stop() {
      stopped = true;
    },
  };
}
