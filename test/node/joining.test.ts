/** A fifth validator joins four that run, by their votes; one of the first leaves: real sockets, disks and signatures. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Height, ValidatorIndex } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import type { Change } from '../../src/ledger/membership/change.ts';
import {
  signedTransactionCodec,
  type Transaction,
  transactionId,
  transactionSigningBytes,
} from '../../src/ledger/transaction.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import type { RunningNode } from '../../src/node/node.ts';
import { Cluster, until } from './cluster.ts';

const NEVER = new AbortController().signal;
const EPOCH_LENGTH = 6;
const five = developmentNetwork(5);

let cluster: Cluster;
let chainId: Transaction['chainId'];
let nonces: Map<number, number>;
let proposals: number;
beforeEach(async () => {
  cluster = await Cluster.create();
  const file = join(cluster.folder, 'genesis.json');
  const text = JSON.parse(await readFile(file, 'utf8'));
  Object.assign(text.consensus, { epochLength: EPOCH_LENGTH, idleBlockMs: 250 });
  await writeFile(file, JSON.stringify(text));
  const genesis = parseGenesis(JSON.stringify(text));
  if (!genesis.ok) throw new Error(genesis.error.message);
  chainId = genesis.value.chainId;
  nonces = new Map();
  proposals = 0;
});
afterEach(() => cluster.destroy());

/** Executed by the node, as the owner of this validator. */
async function say(
  node: RunningNode,
  validator: number,
  nonce: number,
  operation: Transaction['operations'][number],
): Promise<void> {
  const { secret, address: sender } = present(
    five.accounts.find(({ name }) => name === `validator-${validator}`),
    'the account of a validator',
  );
  const transaction: Transaction = {
    chainId,
    sender,
    nonce,
    expiresAt: 0 as Height,
    maxFee: 0n,
    operations: [operation],
    memo: new Uint8Array(),
  };
  const signature = nobleEd25519.sign(secret, transactionSigningBytes(transaction));
  const bytes = signedTransactionCodec.encode({ transaction, signature });
  await node.submit(bytes);
  const state = await node.reader.waitFor(transactionId(bytes), 60_000, NEVER);
  expect(state).toMatchObject({ status: 'committed', receipt: { code: 'OK' } });
}

/** Proposed by the first of them, and accepted by the others. */
async function decide(node: RunningNode, change: Change, speakers: readonly number[]): Promise<void> {
  const expires = (node.status().finalHeight + 1000) as Height;
  const proposal = proposals++;
  for (const [position, speaker] of speakers.entries()) {
    const validator = speaker as ValidatorIndex;
    const nonce = nonces.get(speaker) ?? 0;
    nonces.set(speaker, nonce + 1);
    if (position === 0) await say(node, speaker, nonce, { kind: 'propose', validator, change, expires });
    else await say(node, speaker, nonce, { kind: 'vote', proposal, validator, approve: true });
  }
}

const seats = (node: RunningNode): readonly number[] => node.status().validators.members.map(({ index }) => index);

describe('five nodes, of which four begin', { timeout: 120_000 }, () => {
  it('the fifth follows, and votes; one leaves, and blocks go on without it', async () => {
    const first = await cluster.start(0);
    for (const index of [1, 2, 3]) await cluster.start(index);
    await until(first, () => first.status().finalHeight >= 1);
    const newcomer = await cluster.start(4);
    expect(newcomer.status().self).toBe(null);
    const { name, publicKey, peerId } = present(five.validators[4], 'validator');
    const account = present(
      five.accounts.find((each) => each.name === name),
      name,
    ).address;
    await decide(first, { kind: 'admit-validator', name, account, publicKey, peerId }, [0, 2, 3]);
    await until(newcomer, () => newcomer.status().self === 4);
    expect(seats(newcomer)).toEqual([0, 1, 2, 3, 4]);
    // Four of five have to say so: it does itself.
    await decide(first, { kind: 'remove-validator', validator: 1 as ValidatorIndex }, [0, 1, 2, 3]);
    await until(first, () => !seats(first).includes(1));
    await cluster.stop(1);
    const height = first.status().finalHeight;
    await until(newcomer, () => newcomer.status().finalHeight >= height + 2 * EPOCH_LENGTH);
    expect(seats(newcomer)).toEqual([0, 2, 3, 4]);
    const handOver = await newcomer.reader.handOver(newcomer.status().epoch);
    expect(handOver?.seats.map(({ index }) => index)).toEqual([0, 2, 3, 4]);
    // Started again, it is what the chain made of it.
    await cluster.stop(4);
    const again = await cluster.start(4);
    expect(again.status().self).toBe(4);
    await until(again, () => again.status().finalHeight >= height + 3 * EPOCH_LENGTH);
  });
});
