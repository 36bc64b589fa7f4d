/** Validators, epochs and proposals over HTTP, over a real chain. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  epochSchema,
  proposalSchema,
  proposalsSchema,
  reportSchema,
  validatorSchema,
  validatorsSchema,
} from '../../src/api/membership.ts';
import {
  epochPath,
  evidencePath,
  proposalPath,
  proposalsPath,
  validatorPath,
  validatorsPath,
} from '../../src/api/routes.ts';
import { toHex } from '../../src/codec/hex.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import type { LongChain } from '../node/state/long-chain.ts';
import { accountOf, EPOCH_LENGTH, LAST, LIAR, lie, membershipChain, NEWCOMER } from '../node/state/membership-chain.ts';
import { type Harness, start } from './harness.ts';

let chain: LongChain;

beforeAll(async () => {
  chain = await membershipChain(new MemoryStore());
});

async function started(): Promise<Harness> {
  const harness = await start();
  harness.gateway.state = chain.reader();
  harness.gateway.mode = 'stake';
  harness.gateway.evidence = [lie()];
  return harness;
}

describe('validators', () => {
  it('are listed with stake, power and status, those that wait among them', async () => {
    await using harness = await started();
    const { height, epoch, validators } = validatorsSchema.parse((await harness.ask(validatorsPath())).json());
    expect([height, epoch]).toEqual([LAST, 2]);
    const told = validators.map(({ index, status, stake, power, offences }) => [index, status, stake, power, offences]);
    expect(told).toEqual([
      [0, 'active', '40', '40', 0],
      [1, 'active', '37', '37', 0],
      [2, 'active', '15', '15', 0],
      // It lied, and keeps its seat, since three would be left.
      [LIAR, 'tombstoned', '9', '9', 1],
      [4, 'candidate', '0', '0', 0],
    ]);
    expect(validators[4]).toMatchObject({
      name: NEWCOMER.name,
      account: accountOf('erin').addressText,
      publicKey: toHex(NEWCOMER.publicKey),
      since: EPOCH_LENGTH,
    });
  });

  it.each([
    [0, ['40', '30', '20', '10']],
    [4, ['40', '30', '20', '10', '0']],
    [5, ['40', '30', '20', '10', '0']],
    [6, ['40', '37', '15', '9', '0']],
  ])('have after block %i the power of the epoch of the next block', async (height, powers) => {
    await using harness = await started();
    const told = validatorsSchema.parse((await harness.ask(validatorsPath({ height }))).json());
    expect(told.validators.map(({ power }) => power)).toEqual(powers);
    expect(told.epoch).toBe(Math.floor(height / EPOCH_LENGTH));
  });
});

describe('a validator', () => {
  it('that lied is told with what it lost, why, and the proof of it', async () => {
    await using harness = await started();
    const told = validatorSchema.parse((await harness.ask(validatorPath(LIAR))).json());
    expect(told).toMatchObject({ status: 'tombstoned', slashed: '1', since: 5, offences: 1, kept: true });
    expect(told.explanation).toMatch(/^It signed two different prepare messages at height 4, view 0 of epoch 1/);
    expect(told.explanation).toMatch(/The block of height 5 put on record that it broke the protocol/);
    expect(told.explanation).toMatch(/took 1 of its stake in all; 9 is left/);
    expect(told.explanation).toMatch(/keeps its seat/);
    expect(told.evidence).toMatchObject([{ validator: LIAR, kind: 'prepare', height: 4 }]);
    expect(told.proof).toBeUndefined();
  });

  it('that lied is convicted by a report with the keys and powers of the epoch of its lie', async () => {
    await using harness = await started();
    const told = reportSchema.parse((await harness.ask(evidencePath(LIAR))).json());
    expect(told).toMatchObject({ epoch: 1, power: '10', total: '100', fork: null });
    expect(told.validators.map(({ power }) => power)).toEqual(['40', '30', '20', '10']);
    expect(told.culprits).toMatchObject([{ index: LIAR, power: '10', evidence: { kind: 'equivocation' } }]);
    expect((await harness.ask(evidencePath(0))).json()).toMatchObject({ code: 'EVIDENCE_NOT_FOUND' });
  });

  it('that is honest is told without evidence of others, with what is on its way out', async () => {
    await using harness = await started();
    const told = validatorSchema.parse((await harness.ask(validatorPath(2, { height: 5, proof: true }))).json());
    expect(told).toMatchObject({ stake: '15', power: '20', unbonding: [{ amount: '5', epoch: 1 }], evidence: [] });
    expect(told.proof?.headers[0]).toMatchObject({ height: 5, stateRoot: told.stateRoot });
  });

  it.each([
    ['/v1/validators/9', 404, 'VALIDATOR_NOT_FOUND'],
    ['/v1/validators/4?height=2', 404, 'VALIDATOR_NOT_FOUND'],
    ['/v1/validators/-1', 400, 'BAD_REQUEST'],
    ['/v1/validators/65536', 404, 'VALIDATOR_NOT_FOUND'],
    ['/v1/validators/3?height=99', 404, 'HEIGHT_UNKNOWN'],
    ['/v1/validators?proof=true', 400, 'BAD_REQUEST'],
  ])('at %s answers %i with %s', async (path, status, code) => {
    await using harness = await started();
    const answer = await harness.ask(path);
    expect([answer.status, answer.json()]).toEqual([status, expect.objectContaining({ code })]);
  });
});

describe('the epoch that runs', () => {
  it('is told with its quorum, parameters and who was kept', async () => {
    await using harness = await started();
    const told = epochSchema.parse((await harness.ask(epochPath())).json());
    expect(told).toMatchObject({
      height: LAST,
      epoch: 2,
      mode: 'stake',
      firstHeight: 7,
      lastHeight: 9,
      total: '101',
      quorum: '68',
      kept: [LIAR],
      observers: [],
      upgrade: null,
    });
    expect(told.validators.map(({ index, power }) => [index, power])).toEqual([
      [0, '40'],
      [1, '37'],
      [2, '15'],
      [LIAR, '9'],
    ]);
    expect(told.parameters.consensus.epochLength).toBe(EPOCH_LENGTH);
    expect(told.parameters.membership).toMatchObject({ minStake: '1', equivocationPenalty: 500 });
    expect(told.changeable).toContain('weightPrice');
  });
});

describe('proposals', () => {
  it.each([
    [2, 'open', '40', [0]],
    [3, 'applied', '70', [0, 1]],
  ])('are told after block %i with their votes, by power', async (height, status, yes, voters) => {
    await using harness = await started();
    const { proposals } = proposalsSchema.parse((await harness.ask(proposalsPath({ height }))).json());
    expect(proposals).toMatchObject([
      { id: 0, kind: 'admit-validator', status, votes: { yes, no: '0' }, quorum: '67', yes: voters, expires: 100 },
    ]);
    const one = proposalSchema.parse((await harness.ask(proposalPath(0, { height }))).json());
    expect(one).toEqual({ ...proposals[0], height });
  });

  it.each([1, 64])('number %i is not there, whose slot is empty or that of another', async (id) => {
    await using harness = await started();
    const answer = await harness.ask(proposalPath(id));
    expect(answer.json()).toMatchObject({ status: 404, code: 'PROPOSAL_NOT_FOUND' });
  });
});
