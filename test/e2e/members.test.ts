/** Members change by proposals and votes on a running network under load: one joins and leaves again, keys are rotated, an observer comes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invariant, present } from '../../src/base/invariant.ts';
import { dataFolder } from '../../src/cli/testnet/layout.ts';
import type { ListedTold } from '../../src/client/membership-values.ts';
import { toHex } from '../../src/codec/hex.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { SteadyLoad } from './load.ts';
import { LoneNode } from './lone-node.ts';
import { settle, type Town } from './people.ts';
import { Validators } from './validators.ts';

/** Of the load that goes on all the time. */
const PEOPLE = 6;
/** Of an epoch: some seconds under load. */
const EPOCH_LENGTH = 40;
/** Milliseconds for what happens when an epoch has ended, or two. */
const EPOCHS_MS = 120_000;
const development = developmentNetwork(16);
const keysOf = (index: number) => present(development.validators[index], 'development keys');
const NEWCOMER = 4;
const ROTATED = 3;
const NEW_KEYS = 6;
const AUDITOR = 7;

describe('a network under load', () => {
  let validators: Validators;
  let town: Town;
  let load: SteadyLoad;
  const extra: LoneNode[] = [];

  beforeAll(async () => {
    validators = await Validators.start('--epoch-length', String(EPOCH_LENGTH));
    town = await settle(validators, PEOPLE);
    load = new SteadyLoad(validators, town);
    load.start();
  });
  afterAll(async () => {
    await load?.stop().catch(() => undefined);
    for (const node of extra) await node[Symbol.asyncDispose]();
    await validators?.[Symbol.asyncDispose]();
  });

  const folderOf = (name: string): string => join(validators.folder.dir, '..', name);

  async function lone(name: string, keys: number, dataDir?: string): Promise<LoneNode> {
    const node = await LoneNode.start({
      testnet: validators.folder.dir,
      folder: folderOf(name),
      keys: { development: keys, ...(dataDir !== undefined && { rotated: true }) },
      ...(dataDir !== undefined && { dataDir }),
    });
    extra.push(node);
    return node;
  }

  /** Proposes as validator 0, lets the others vote for it until it passes, and waits until it is done. */
  async function decide(...command: readonly string[]): Promise<void> {
    const asked = [...command, '--from', 'validator-0', '--timeout', '60s'];
    const { proposal } = await validators.folder.json<{ readonly proposal: number }>(...asked);
    const client = validators.from(0);
    for (const voter of [1, 2, 3]) {
      if ((await client.membership.proposal(proposal)).status !== 'open') break;
      const vote = ['proposal', 'vote', String(proposal), 'yes', '--from', `validator-${voter}`, '--wait'];
      await validators.folder.json(...vote, '--timeout', '60s');
    }
    await validators.until(
      `proposal ${proposal} is done`,
      () => client.membership.proposal(proposal),
      ({ status }) => status === 'applied',
      EPOCHS_MS,
    );
  }

  const untilListed = (index: number, wanted: (told: ListedTold) => boolean): Promise<unknown> =>
    validators.until(
      `validator ${index} is as it was decided`,
      () => validators.from(0).membership.validators(),
      ({ validators: all }) => all.some((told) => told.index === index && wanted(told)),
      EPOCHS_MS,
    );

  /** Waits until the node has all that is final, and goes on having it. */
  async function untilAbreast(node: LoneNode): Promise<void> {
    const { certifiedHeight } = await validators.from(0).status();
    try {
      await validators.until(
        'the node has what is final',
        () => node.client.status(),
        (status) => status.certifiedHeight >= certifiedHeight,
        EPOCHS_MS,
      );
    } catch (error) {
      throw new Error(`its log ends with\n${node.log()}`, { cause: error });
    }
  }

  /** Waits until a certificate has the signature of this validator. */
  const untilSigns = (index: number): Promise<unknown> =>
    validators.until(
      `validator ${index} signs`,
      () => validators.from(0).block('latest'),
      ({ certificate }) => certificate?.signers.includes(index) === true,
      EPOCHS_MS,
    );

  it('takes in a fifth validator, which has all blocks when it votes', async () => {
    const { name, publicKey, peerId } = keysOf(NEWCOMER);
    const file = folderOf('newcomer.json');
    writeFileSync(file, JSON.stringify({ name, account: 'erin', publicKey: toHex(publicKey), peerId }));
    await decide('validator', 'add', file);
    const node = await lone('newcomer', NEWCOMER);
    await untilListed(NEWCOMER, ({ status, power }) => status === 'active' && power === 1n);
    await untilAbreast(node);
    expect(await node.client.status()).toMatchObject({ index: NEWCOMER, quorum: { total: '5', required: '4' } });
    await untilSigns(NEWCOMER);
    await load.more(PEOPLE);
  });

  it('lets it go again by votes, and counts without it', async () => {
    await decide('validator', 'remove', String(NEWCOMER));
    await untilListed(NEWCOMER, ({ status, power }) => status === 'removed' && power === 0n);
    expect(await validators.from(0).status()).toMatchObject({ quorum: { total: '4', required: '3' } });
    await load.more(PEOPLE);
  });

  it('goes on while a validator gets other keys for its votes and its node, and hears of it again', async () => {
    const { publicKey, peerId } = keysOf(NEW_KEYS);
    const keys = ['--public-key', toHex(publicKey), '--peer-id', peerId];
    await decide('validator', 'rotate', String(ROTATED), ...keys, '--force');
    await untilListed(ROTATED, (told) => told.peerId === peerId && told.power === 1n);
    await validators.kill([ROTATED]);
    const node = await lone('rotated', NEW_KEYS, dataFolder(validators.folder.dir, ROTATED));
    await untilAbreast(node);
    expect(await node.client.status()).toMatchObject({ index: ROTATED, peerId });
    await untilSigns(ROTATED);
    await load.more(PEOPLE);
  });

  it('lets an observer follow, which votes on nothing', async () => {
    const { peerId } = keysOf(AUDITOR);
    await decide('observer', 'add', 'auditor', peerId);
    const node = await lone('auditor', AUDITOR);
    await untilAbreast(node);
    await load.more(PEOPLE);
    await untilAbreast(node);
    expect(await node.client.status()).toMatchObject({ index: null, peerId });
    const { followers } = await validators.only(0).status();
    expect(followers).toContainEqual(expect.objectContaining({ name: 'auditor', peerId, connected: true }));
    const { observers } = await node.client.membership.epoch();
    expect(observers).toEqual([{ name: 'auditor', peerId }]);
  });

  it('has lost nothing, and all have one chain', async () => {
    await load.stop();
    const [reference, ...others] = [
      validators.only(0),
      validators.only(1),
      ...extra.slice(1).map(({ client }) => client),
    ];
    const { certifiedHeight } = await present(reference, 'a node').status();
    const { hash } = await present(reference, 'a node').block(certifiedHeight);
    for (const client of others) {
      const block = await validators.until(
        'the same block',
        () => client.block(certifiedHeight),
        () => true,
      );
      invariant(block.hash === hash, 'two chains');
    }
    for (const { id, height } of load.acknowledged)
      expect(await validators.from(0).transaction(id)).toMatchObject({ status: 'committed', height });
  });
});
