/** Answers with bodies and blocks: as the codec makes them, no longer than the peer accepts, and no more than we can afford. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Hash, Height } from '../../src/base/brand.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { Answers, EncodedAnswers } from '../../src/driver/sync/answers.ts';
import { BodyPool } from '../../src/driver/bodies/body-pool.ts';
import type { Chain } from '../../src/driver/durability/chain.ts';
import { Given } from '../../src/driver/fairness/given.ts';
import { Mempool } from '../../src/driver/transactions/mempool.ts';
import type { Store } from '../../src/driver/ports.ts';
import { Server } from '../../src/driver/sync/server.ts';
import {
  decodePeerMessage,
  type EncodedBlock,
  encodeBlocksAnswer,
  encodeBodyAnswer,
  encodedBlockSize,
  encodePeerMessage,
  type SyncBlock,
} from '../../src/driver/wire/wire.ts';
import { NO_ACCOUNT } from '../../src/ledger/account.ts';
import {
  blockRecordCodec,
  FULL_BODY_BYTES_MAX,
  type FullBody,
  fullBodyCodec,
  hasAllTransactions,
  headerCodec,
  NULL_BODY,
  SKIPPED_BYTES,
} from '../../src/ledger/block.ts';
import { VALIDATORS_MAX } from '../../src/ledger/limits.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { type Certificate, certificateCodec } from '../../src/ledger/vote.ts';
import { append, hashOf, makeGenesis } from '../ledger/network.ts';

const genesis = makeGenesis();
const { record } = append(genesisState(genesis), []);

const bodyWith = (...lengths: readonly number[]): FullBody => ({
  body: { ...NULL_BODY, transactionIds: lengths.map((_, i) => i.toString(16).padStart(64, '0') as Hash) },
  transactions: lengths.map((length) => new Uint8Array(length).fill(7)),
});
const certificateOf = (height: number, signers: number): Certificate => ({
  epoch: 0 as Epoch,
  height: height as Height,
  blockHash: hashOf('a'),
  signers: signersOf(Array.from({ length: signers }, (_, i) => i as never)),
  signatures: Array.from({ length: signers }, (_, i) => new Uint8Array(64).fill(i)),
});

describe('an answer that is put together from stored bytes is what the codec makes', () => {
  const bodies = [bodyWith(), bodyWith(300), bodyWith(2048, 0, 1), bodyWith(0, 0)];

  test.each(bodies)('of a body', (fullBody) => {
    const height = (2 ** 40) as Height;
    const answer = encodeBodyAnswer(height, fullBodyCodec.encode(fullBody));
    expect(answer).toEqual(encodePeerMessage({ kind: 'body', height, fullBody }));
  });

  test.each([0, 1, 2, 5])('of %i blocks', (count) => {
    const blocks: SyncBlock[] = Array.from({ length: count }, (_, i) => ({
      header: { ...record.header, height: (i + 1) as Height },
      fullBody: bodies[i % bodies.length] ?? bodyWith(),
      certificate: i % 2 === 0 ? certificateOf(i, 5) : null,
    }));
    const encoded = blocks.map(({ header, fullBody, certificate }): EncodedBlock => {
      return {
        header: headerCodec.encode(header),
        fullBody: fullBodyCodec.encode(fullBody),
        certificate: certificate === null ? null : certificateCodec.encode(certificate),
      };
    });
    const answer = encodeBlocksAnswer(encoded);
    expect(answer).toEqual(encodePeerMessage({ kind: 'blocks', blocks }));
    expect(answer.length).toBe(1 + encoded.reduce((sum, block) => sum + encodedBlockSize(block), 0));
  });
});

test.each([
  [true, bodyWith()],
  [true, bodyWith(1)],
  [true, bodyWith(1, 2, 3)],
  [false, bodyWith(0)],
  [false, bodyWith(0, 5)],
  [false, bodyWith(5, 0, 5)],
  [false, bodyWith(5, 0)],
])('whether a stored body has all its transactions is read from its offsets: %s', (all, fullBody) => {
  expect(hasAllTransactions(fullBodyCodec.encode(fullBody))).toBe(all);
});

/** A body of exactly so many encoded bytes. */
function sized(bytes: number): Uint8Array {
  const count = Math.floor(bytes / 2084) - 1;
  const lengths = Array.from({ length: count }, () => 2048);
  for (let rest = bytes - fullBodyCodec.encode(bodyWith(...lengths)).length; rest > 0; ) {
    const length = rest > 2084 ? 1000 : rest - 36;
    lengths.push(length);
    rest -= 36 + length;
  }
  return fullBodyCodec.encode(bodyWith(...lengths));
}

describe('blocks of 8 MB each', () => {
  const largest = sized(FULL_BODY_BYTES_MAX - 3);

  test.each([
    ['one after the other, where each has a certificate', () => true, 1],
    ['with a certificate at every second', (height: number) => height % 2 === 0, 2],
    ['with one at the last of sixty-four, of all validators there can be', (height: number) => height === 64, 64],
  ])('are given %s, and the answer is accepted', (_, isCertified, count) => {
    const value = (key: string): Uint8Array | undefined => {
      const [kind, digits] = key.split('/');
      const height = Number(digits) as Height;
      const header = { ...record.header, height, bodyHash: hashOf('b') };
      if (kind === 'block') return blockRecordCodec.encode({ ...record, header });
      if (kind !== 'certificate') return largest;
      return isCertified(height) ? certificateCodec.encode(certificateOf(height, VALIDATORS_MAX)) : undefined;
    };
    const sent: Uint8Array[] = [];
    const again: string[] = [];
    const server = new Server(
      { read: (keys: readonly string[], done: (values: unknown) => void) => done(keys.map(value)) } as unknown as Store,
      { state: { genesis, epochs: epochsOf(genesis) }, finalHeight: 64 } as unknown as Chain,
      new Mempool(() => NO_ACCOUNT, genesis.ledger),
      new BodyPool(),
      {
        message: () => {},
        encoded: (_to, _kind, bytes) => sent.push(bytes),
        later: () => (run) => run(),
        given: new Given({ tickMs: 50, again: (peer) => again.push(peer) }),
      },
    );
    server.blocks('peer', 1 as Height, 64);
    const decoded = sent[0] === undefined ? undefined : decodePeerMessage(sent[0]);
    const blocks = decoded?.ok === true && decoded.value.kind === 'blocks' ? decoded.value.blocks : [];
    expect(blocks.map(({ fullBody }) => fullBody.transactions.length > 0)).toEqual(
      Array.from({ length: count }, (_block, position) => position === 0),
    );
    expect(blocks.map(({ certificate }) => certificate !== null).indexOf(true)).toBe(count - 1);
    // Of those that follow only headers were given.
    server.blocks('peer', 2 as Height, 64);
    expect(again).toEqual([]);
    server.blocks('peer', 1 as Height, 64);
    expect(again).toEqual(['peer']);
  });
});

describe('answers that take long', () => {
  test('are made two at a time, in the order of questions', () => {
    const begun: string[] = [];
    const open: (() => void)[] = [];
    const answers = new Answers();
    for (const name of ['a', 'b', 'c', 'd'])
      answers.give((done) => {
        begun.push(name);
        open.push(done);
      });
    expect(begun).toEqual(['a', 'b']);
    open.shift()?.();
    expect(begun).toEqual(['a', 'b', 'c']);
    for (const done of open.splice(0)) done();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are kept for the next who asks, as many as fit', () => {
    const kept = new EncodedAnswers(10);
    kept.keep('a', new Uint8Array(6));
    kept.keep('b', new Uint8Array(4));
    kept.keep('a', new Uint8Array(5));
    expect(['a', 'b'].map((key) => kept.get(key)?.length)).toEqual([5, 4]);
    kept.keep('c', new Uint8Array(4));
    expect(['a', 'b', 'c'].map((key) => kept.get(key)?.length)).toEqual([5, undefined, 4]);
    kept.keep('d', SKIPPED_BYTES);
    kept.keep('e', new Uint8Array(11));
    expect(kept.get('e')).toBeUndefined();
  });
});
