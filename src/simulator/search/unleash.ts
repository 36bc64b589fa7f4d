/** Faults at random times, of random length; where validators come and go, at the ends of epochs too. */
import { type Fault } from '../faults/fault.ts';
import { faults } from '../faults/faults.ts';
import type { Random } from '../../base/random.ts';
import type { Simulation } from '../simulation.ts';

/** How often it is looked whether an epoch is about to end: faster than any height becomes final. */
const LOOK_MS = 10;
/** Part of all epochs that end in trouble. */
const TROUBLED = 0.5;
/** Heights before the last one of an epoch, and after it, at which such a fault begins. */
const EARLY = 2;
const LATE = 1;
/** How long such a fault lasts: the hand-over, or some epochs. */
const ENDS_MS = [50, 3000] as const;

interface Named {
  readonly name: string;
  readonly fault: Fault;
}

/** Lets faults of these kinds begin and end at random until it is told to stop. */
export function unleash(world: Simulation, kinds: readonly string[], random: Random): { stop(): void } {
  const chosen = kinds.flatMap((name) => {
    const fault = faults.get(name);
    return fault === undefined ? [] : [{ name, fault }];
  });
  const troubles = new Troubles(world, chosen, random);
  if (chosen.length === 0) return troubles;
  // Rare or frequent, long or short: each run is of one character.
  const pauseMs = random.between(200, 6000);
  const lastMs = random.between(100, 8000);
  const next = (): void => {
    if (troubles.isOver) return;
    world.scheduler.after(random.between(0, 2 * pauseMs), () => {
      troubles.begin(() => random.between(0, 2 * lastMs));
      next();
    });
  };
  next();
  if (world.owners !== null) aimAtEnds(world, troubles, random.fork());
  return troubles;
}

class Troubles {
  readonly #world: Simulation;
  readonly #chosen: readonly Named[];
  readonly #random: Random;
  #count = 0;
  #isOver = false;

  constructor(world: Simulation, chosen: readonly Named[], random: Random) {
    this.#world = world;
    this.#chosen = chosen;
    this.#random = random;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** One of the faults begins now, and ends after `lasts` milliseconds. */
  begin(lasts: () => number): void {
    if (this.#isOver) return;
    const world = this.#world;
    const { name, fault } = this.#random.pick(this.#chosen);
    const trouble = fault.begin(world, this.#random);
    world.troubles += 1;
    const number = ++this.#count;
    world.note('fault', name, trouble.whom, number);
    world.scheduler.after(lasts(), () => {
      if (this.#isOver) return;
      world.note('fault-ends', name, trouble.whom, number);
      trouble.end();
      world.troubles += 1;
    });
  }
}

/** Lets faults begin where one set hands over to the next. */
function aimAtEnds(world: Simulation, troubles: Troubles, random: Random): void {
  let aimed = 0;
  let atHeight = 0;
  const look = (): void => {
    if (troubles.isOver) return;
    const { epoch, lastHeight } = world.newestEpoch;
    if (epoch >= aimed) {
      aimed = epoch + 1;
      atHeight = random.chance(TROUBLED) ? lastHeight + random.int(-EARLY, LATE) : 0;
    }
    const height = Math.max(0, ...world.nodes.map(({ driver }) => driver?.status().executedHeight ?? 0));
    if (atHeight > 0 && height >= atHeight) {
      atHeight = 0;
      troubles.begin(() => random.between(...ENDS_MS));
    }
    world.scheduler.after(LOOK_MS, look);
  };
  look();
}
