import { describe, expect, test } from 'vitest';
import { hash, type ValidatorIndex } from '../../src/base/brand.ts';
import { fromHex } from '../../src/codec/hex.ts';
import { inclusionProof, verifyInclusion } from '../../src/crypto/merkle.ts';
import { sha256Hash } from '../../src/crypto/sha256.ts';
import { blockOf, bodyOf, firstHeader, readBlock, rootOf } from '../../src/pow/block.ts';
import { headerId } from '../../src/pow/header.ts';
import { FIRST_BITS, GENESIS, pay, Quarry, START_S } from './kit.ts';

const transactions = [pay(0, 0), pay(1, 0), pay(2, 0)];
const coinbase = { height: 5, miner: 3 as ValidatorIndex, extraNonce: 2 ** 40 };
const ids = transactions.map(({ id }) => id);
const template = {
  header: {
    version: 1,
    parent: hash('5'.repeat(64)),
    root: rootOf(coinbase, ids),
    time: 1_800_000_000,
    bits: 0x1d00ffff,
    nonce: 0,
  },
  coinbase,
  transactions,
};

describe('a block', () => {
  test('is what its bytes say', () => {
    const block = blockOf(template, 0xfffffffe);
    expect(readBlock(block.bytes)).toEqual({ ok: true, value: block });
    expect(block.header.nonce).toBe(0xfffffffe);
  });

  test('has these bytes for ever', () => {
    const block = blockOf(template, 42);
    // The header, the coinbase of 18 bytes, and where the transactions begin.
    expect(block.bytes.length).toBe(80 + 18 + 4 + transactions.reduce((sum, { bytes }) => sum + bytes.length + 4, 0));
    expect({ root: block.header.root, id: block.id, bytes: sha256Hash(block.bytes) }).toMatchInlineSnapshot(`
      {
        "bytes": "a47fe665da2bfd0cb2599554b76af34a604a6573d7775d25938626ab1013c182",
        "id": "5e5d11f8845ff397cf85f4832de6709b1eb1fe77b0a90761239a0ef53cc62d1e",
        "root": "91f9e5d49eaf2360e62be791ac529d3ff2190eca29d0e8e0a57f85a99a089ff5",
      }
    `);
  });

  test.each([
    ['cut short', (bytes: Uint8Array) => bytes.subarray(0, -1)],
    ['whose transactions begin elsewhere than after the coinbase', (bytes: Uint8Array) => bytes.with(98, 103)],
    ['empty', () => new Uint8Array(0)],
  ])('%s is refused', (_, spoil) => {
    expect(readBlock(spoil(blockOf(template, 0).bytes)).ok).toBe(false);
  });

  test('gives the ledger a body: its maker, its time and its transactions, as PBFT would order them', () => {
    expect(bodyOf(blockOf(template, 0))).toEqual({
      proposer: 3,
      timestampMs: 1_800_000_000_000,
      certificate: null,
      transactionIds: ids,
      evidence: [],
    });
  });

  test('proves to who has its header alone that a transaction stands in it', () => {
    const { root } = template.header;
    // Height 5, miner 3, extra nonce 2^40.
    const leaves = [fromHex('050000000000000003000000000000010000'), ...ids.map(fromHex)];
    const proof = inclusionProof(leaves, 2);
    expect(verifyInclusion({ leaf: leaves[2]!, index: 2, size: 4, root }, proof).ok).toBe(true);
    expect(verifyInclusion({ leaf: fromHex(pay(3, 0).id), index: 2, size: 4, root }, proof).ok).toBe(false);
  });
});

test('the first block binds the genesis: other ledgers have other chains', () => {
  const first = firstHeader(GENESIS, FIRST_BITS);
  expect(first).toMatchObject({ root: GENESIS.chainId, time: START_S, parent: '0'.repeat(64) });
  expect(headerId(first)).toBe(new Quarry().first);
});
