/** Validators, epochs and proposals through the client, from a node that is honest and from one that lies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { knownEpochFromJson, verifyValidator } from '../../src/client/membership-values.ts';
import { validatorsHash } from '../../src/ledger/validators.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import type { LongChain } from '../node/state/long-chain.ts';
import { EPOCH_LENGTH, LAST, LIAR, membershipChain, membershipGenesis } from '../node/state/membership-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { FakeNode, json } from './server.ts';

let chain: LongChain;
let harness: Harness;
const genesis = membershipGenesis();

beforeAll(async () => {
  chain = await membershipChain(new MemoryStore());
  harness = await start();
  harness.gateway.state = chain.reader();
  harness.gateway.mode = 'stake';
});
afterAll(() => harness[Symbol.asyncDispose]());

const clientAt = (url: string): Client => new Client({ urls: [url], rounds: 1, genesis });

describe('a client', () => {
  it('is told of all validators, amounts as bigint', async () => {
    const { height, validators } = await clientAt(harness.url).membership.validators();
    expect(height).toBe(LAST);
    expect(validators.map(({ stake, power }) => [stake, power])).toEqual([
      [40n, 40n],
      [37n, 37n],
      [15n, 15n],
      [9n, 9n],
      [0n, 0n],
    ]);
  });

  it('checks the proof of a validator, as it was after a block of an epoch that the genesis knows', async () => {
    const told = await clientAt(harness.url).membership.validator(LIAR, { height: EPOCH_LENGTH - 1, proof: true });
    expect(told).toMatchObject({ index: LIAR, stake: 10n, status: 'active', height: EPOCH_LENGTH - 1 });
    expect(verifyValidator(genesis, told)).toMatchObject({ ok: true, value: { height: EPOCH_LENGTH - 1 } });
    expect(verifyValidator(genesis, { ...told, account: 'tre1nobody' })).toMatchObject({
      error: { code: 'MALFORMED' },
    });
  });

  it.each([
    ['stake', '11'],
    ['status', 'jailed'],
    ['publicKey', 'ab'.repeat(32)],
    ['unbonding', [{ amount: '1', epoch: 0 }]],
    ['missedBefore', [1]],
    ['left', 1],
  ])('does not believe a node that says something else of its %s', async (field, value) => {
    const answer = (await harness.ask(`/v1/validators/${LIAR}?height=2&proof=true`)).json() as object;
    await using node = new FakeNode(json(200, { ...answer, [field]: value }));
    const asked = clientAt(await node.start()).membership.validator(LIAR, { height: 2, proof: true });
    await expect(asked).rejects.toMatchObject({ code: 'BAD_PROOF' });
  });

  it('is not content with another validator than it asked for', async () => {
    const answer = (await harness.ask('/v1/validators/2')).json() as object;
    await using node = new FakeNode(json(200, answer));
    const asked = clientAt(await node.start()).membership.validator(LIAR);
    await expect(asked).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  });

  it('knows an epoch as the ledger does: its hash is that of the header', async () => {
    const { membership } = clientAt(harness.url);
    const told = knownEpochFromJson(await membership.epoch());
    const answer = (await harness.ask(`/v1/accounts/${'aa'.repeat(32)}?height=6&proof=true`)).json();
    expect(told.ok && validatorsHash(told.value.validators)).toBe(
      (answer as { proof: { headers: { nextValidatorsHash: string }[] } }).proof.headers[0]?.nextValidatorsHash,
    );
    const swapped = { ...(await membership.epoch()), validators: (await membership.epoch()).validators.toReversed() };
    expect(knownEpochFromJson(swapped)).toMatchObject({ error: { code: 'MALFORMED' } });
  });

  it('is told of proposals with their votes', async () => {
    const { membership } = clientAt(harness.url);
    const [newest] = await membership.proposals();
    expect(newest).toMatchObject({ id: 0, status: 'applied', votes: { yes: 77n, no: 0n }, quorum: 68n });
    expect(await membership.proposal(0)).toEqual(newest);
    await expect(membership.proposal(1)).rejects.toMatchObject({ code: 'PROPOSAL_NOT_FOUND' });
  });
});
