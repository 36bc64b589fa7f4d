import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SteadyLoad } from './load.ts';
import { settle, type Town } from './people.ts';
import { killOne, primaryOf, requireWhole, stopAll } from './scenarios.ts';
import { RESUME_MS, Validators } from './validators.ts';

describe('four validators under steady load', () => {
  let validators: Validators;
  let town: Town;
  let load: SteadyLoad;
  beforeAll(async () => {
    validators = await Validators.start();
    town = await settle(validators, 20);
    load = new SteadyLoad(validators, town);
    load.start();
  });
  afterAll(async () => {
    await load?.stop().catch(() => undefined);
    await validators?.[Symbol.asyncDispose]();
  });

  it('commit within two base timeouts after the primary was killed, and take it back', async ({ annotate }) => {
    const { gapMs, catchUpMs } = await killOne(validators, load, await primaryOf(validators));
    await annotate(`longest gap ${Math.round(gapMs)} ms, caught up after ${Math.round(catchUpMs)} ms`);
    expect(gapMs).toBeLessThanOrEqual(RESUME_MS);
  });

  it('keep what they acknowledged when all are stopped, and go on', async () => {
    const { kept } = await stopAll(validators, load, 'down');
    expect(kept).toBeGreaterThan(0);
  });

  it('keep what they acknowledged when all are killed at once, and go on', async () => {
    const { kept } = await stopAll(validators, load, 'kill');
    expect(kept).toBeGreaterThan(0);
  });

  it('agree in the end on every block, every payment and every balance', async () => {
    const history = await requireWhole(validators, town, load);
    expect(history.places.size).toBe(town.books.ids.size);
  });
});
