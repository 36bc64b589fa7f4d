import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SteadyLoad } from './load.ts';
import { settle, type Town } from './people.ts';
import { loseQuorum, primaryOf, requireWhole } from './scenarios.ts';
import { ALL, RESUME_MS, Validators } from './validators.ts';

describe('four validators of which two are stopped', () => {
  let validators: Validators;
  let town: Town;
  beforeAll(async () => {
    validators = await Validators.start();
    town = await settle(validators, 4);
  });
  afterAll(() => validators?.[Symbol.asyncDispose]());

  it('commit nothing and say who is missing; with one back, and the primary still away, they go on by themselves', async ({
    annotate,
  }) => {
    const primary = await primaryOf(validators);
    const next = (primary + 1) % ALL.length;
    const { detail, resumeMs } = await loseQuorum(validators, town, [next, primary], RESUME_MS);
    await annotate(`final again ${Math.round(resumeMs)} ms after the quorum was back`);
    expect(detail).toContain('power 2 of 4, at least 3 is needed');
    expect(resumeMs).toBeLessThanOrEqual(RESUME_MS);
    await requireWhole(validators, town, new SteadyLoad(validators, town));
  });
});
