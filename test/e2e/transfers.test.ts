import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settle } from './people.ts';
import { transferMany } from './transfers.ts';
import { Validators } from './validators.ts';

describe('four validators under ten thousand transfers', () => {
  let validators: Validators;
  beforeAll(async () => {
    validators = await Validators.start();
  });
  afterAll(() => validators?.[Symbol.asyncDispose]());

  it('commit each exactly once, with the same blocks and the right balances on all four', async ({ annotate }) => {
    const seed = Date.now() % 2 ** 31;
    await annotate(`seed ${seed}`);
    const town = await settle(validators, 100);
    const { blocks, perSecond } = await transferMany(validators, town, 10_000, seed);
    await annotate(`${Math.round(perSecond)} transfers/s, ${blocks} blocks`);
    expect(town.books.ids.size).toBe(10_100);
    expect((await validators.folder.status()).agreed).toBe(true);
  });
});
