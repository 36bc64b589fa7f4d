/**
 * The bytes of every type that is sent, signed or stored, frozen: a change that moves one of them is a change of the
 * format. `UPDATE_GOLDEN=1` writes the file anew, on purpose.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { BitArray } from '@chainsafe/ssz';
import { describe, expect, test } from 'vitest';
import { epoch, height, validatorIndex, view } from '../../src/base/brand.ts';
import type { Codec } from '../../src/codec/codec.ts';
import { fromHex, toHex } from '../../src/codec/hex.ts';
import { sha256Hash } from '../../src/crypto/sha256.ts';
import { ACCOUNTS } from '../../src/ledger/account.ts';
import {
  type Body,
  blockRecordCodec,
  bodyCodec,
  fullBodyCodec,
  type Header,
  headerCodec,
  NULL_BODY,
  type Receipt,
  receiptCodec,
} from '../../src/ledger/block.ts';
import { BODY_TRANSACTIONS_MAX, VALIDATORS_MAX } from '../../src/ledger/limits.ts';
import { OFFENCES, type Offence, offenceCodec, offenceOf } from '../../src/ledger/offence.ts';
import { stateKeyText } from '../../src/ledger/state/entry-kind.ts';
import { chainStateCodec, genesisState } from '../../src/ledger/state/ledger-state.ts';
import {
  type SignedTransaction,
  signedTransactionCodec,
  transactionCodec,
  transactionId,
  transactionSigningBytes,
} from '../../src/ledger/transaction.ts';
import { validatorsHash } from '../../src/ledger/validators.ts';
import { type Evidence, evidenceCodec } from '../../src/ledger/evidence.ts';
import {
  type Certificate,
  certificateCodec,
  type SignedVote,
  signedVoteCodec,
  VOTE_KINDS,
  type VoteKind,
  voteSigningBytes,
} from '../../src/ledger/vote.ts';
import { hashOf, makeGenesis, stranger, transfer } from './network.ts';
import { MEMBERSHIP_EXAMPLES } from './membership/examples.ts';
import { DATA_EXAMPLES, OPERATION_EXAMPLES } from './operations/examples.ts';

const ENTRY_EXAMPLES = [...DATA_EXAMPLES, ...MEMBERSHIP_EXAMPLES];
const FILE = new URL('./golden.json', import.meta.url);
const signature = (digit: string) => fromHex(digit.repeat(128));

const transaction = {
  chainId: hashOf('c'),
  sender: stranger(1),
  nonce: Number.MAX_SAFE_INTEGER,
  expiresAt: height(258),
  maxFee: 2n ** 64n - 1n,
  operations: [transfer(stranger(2), 1n), transfer(stranger(3), 2n ** 63n)],
  memo: Uint8Array.from([0, 1, 255]),
};
const signedTransaction: SignedTransaction = { transaction, signature: signature('5') };

const vote = (kind: VoteKind, digit: string): SignedVote => ({
  vote: { kind, epoch: epoch(1), view: view(2), height: height(3), hash: hashOf(digit) },
  voter: validatorIndex(4),
  signature: signature(digit),
});
const evidence: Evidence = { kind: 'equivocation', first: vote('commit', '1'), second: vote('commit', '2') };

const amnesia: Evidence = {
  kind: 'amnesia',
  commit: vote('commit', '1'),
  viewChange: {
    claims: {
      epoch: epoch(1),
      view: view(7),
      voter: validatorIndex(4),
      stableHeight: height(2),
      prepared: [{ view: view(1), height: height(4), bodyHash: hashOf('2') }],
      certificates: hashOf('3'),
    },
    signature: signature('4'),
  },
};

const signers = BitArray.fromBitLen(VALIDATORS_MAX);
for (const index of [0, 2, 63]) signers.set(index, true);
const certificate: Certificate = {
  epoch: epoch(1),
  height: height(2),
  blockHash: hashOf('b'),
  signers,
  signatures: ['1', '2', '3'].map(signature),
};

const body: Body = {
  proposer: validatorIndex(1),
  timestampMs: 1_800_000_000_000,
  certificate,
  transactionIds: [hashOf('7'), hashOf('8')],
  evidence: [evidence, amnesia],
};

const header: Header = {
  chainId: hashOf('c'),
  height: height(3),
  epoch: epoch(1),
  parentHash: hashOf('1'),
  bodyHash: hashOf('2'),
  transactionsRoot: hashOf('3'),
  receiptsRoot: hashOf('4'),
  stateRoot: hashOf('5'),
  historyRoot: hashOf('6'),
  validatorsHash: hashOf('7'),
  nextValidatorsHash: hashOf('8'),
  timestampMs: 1_800_000_000_000,
  proposer: validatorIndex(1),
};

const receipt: Receipt = {
  transactionId: hashOf('7'),
  code: 'OK',
  feePaid: 6n,
  events: [{ kind: 'transfer', from: stranger(1), to: stranger(2), amount: 1n }],
};
const failed: Receipt = { transactionId: hashOf('8'), code: 'INSUFFICIENT_BALANCE', feePaid: 6n, events: [] };

const offence: Offence = {
  kind: 'checkpoint',
  epoch: epoch(1),
  view: view(0),
  height: height(3),
  validator: validatorIndex(4),
};

const SIGNED_TRANSACTION_BYTES = signedTransactionCodec.encode(signedTransaction);

interface Example {
  readonly bytes: Uint8Array;
  /** What decoding the bytes and encoding that gives; undefined where they are refused. */
  readonly again: (bytes: Uint8Array) => Uint8Array | undefined;
}

function example<T>(codec: Codec<T>, value: T): Example {
  return {
    bytes: codec.encode(value),
    again: (bytes) => {
      const decoded = codec.decode(bytes);
      return decoded.ok ? codec.encode(decoded.value) : undefined;
    },
  };
}

const examples: Readonly<Record<string, Example>> = {
  Transaction: example(transactionCodec, transaction),
  SignedTransaction: example(signedTransactionCodec, signedTransaction),
  ...Object.fromEntries(
    Object.entries(OPERATION_EXAMPLES).flatMap(([kind, [operation, event]]) => [
      [`Transaction, ${kind}`, example(transactionCodec, { ...transaction, operations: [operation] })],
      [`Receipt, ${kind}`, example(receiptCodec, { ...receipt, events: [event] })],
    ]),
  ),
  Body: example(bodyCodec, body),
  'Body, null': example(bodyCodec, NULL_BODY),
  FullBody: example(fullBodyCodec, { body, transactions: [SIGNED_TRANSACTION_BYTES, SIGNED_TRANSACTION_BYTES] }),
  Header: example(headerCodec, header),
  Receipt: example(receiptCodec, receipt),
  'Receipt, failed': example(receiptCodec, failed),
  BlockRecord: example(blockRecordCodec, { header, executed: [0, 258], receipts: [receipt, failed] }),
  ...Object.fromEntries(VOTE_KINDS.map((kind) => [`SignedVote, ${kind}`, example(signedVoteCodec, vote(kind, '1'))])),
  Evidence: example(evidenceCodec, evidence),
  'Evidence, amnesia': example(evidenceCodec, amnesia),
  Certificate: example(certificateCodec, certificate),
  Account: example(ACCOUNTS.codec, { balance: 2n ** 64n - 1n, nonce: 258 }),
  Offence: example(offenceCodec, offence),
  'Offence, amnesia': example(offenceCodec, offenceOf(amnesia)),
  ...Object.fromEntries(ENTRY_EXAMPLES.map(({ name, codec, value }) => [name, example(codec, value)])),
  ChainState: example(chainStateCodec, { header, history: [hashOf('a'), hashOf('b')] }),
};

/** What is hashed or signed but never decoded. */
function derived(): Record<string, string> {
  const genesis = makeGenesis();
  return {
    'transaction id': transactionId(SIGNED_TRANSACTION_BYTES),
    'signed bytes of a transaction': toHex(transactionSigningBytes(transaction)),
    ...Object.fromEntries(
      VOTE_KINDS.map((kind) => [
        `signed bytes of a vote, ${kind}`,
        toHex(voteSigningBytes(hashOf('c'), vote(kind, '1').vote)),
      ]),
    ),
    'chain id of the development genesis': genesis.chainId,
    'genesis block of the development genesis': genesisState(genesis).head.hash,
    'validators of the development genesis': validatorsHash(genesis.validators),
    'state of the development genesis': genesisState(genesis).head.header.stateRoot,
    'key of an account': stateKeyText(ACCOUNTS.key(stranger(1))),
    'key of an offence': stateKeyText(OFFENCES.key(offence)),
    ...Object.fromEntries(ENTRY_EXAMPLES.map(({ name, key }) => [`key of: ${name}`, stateKeyText(key)])),
  };
}

interface Golden {
  readonly types: Readonly<Record<string, { readonly bytes: string; readonly sha256: string }>>;
  readonly derived: Readonly<Record<string, string>>;
}

const actual: Golden = {
  types: Object.fromEntries(
    Object.entries(examples).map(([name, { bytes }]) => [name, { bytes: toHex(bytes), sha256: sha256Hash(bytes) }]),
  ),
  derived: derived(),
};
if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, `${JSON.stringify(actual, null, 2)}\n`);
const golden = JSON.parse(readFileSync(FILE, 'utf8')) as Golden;

test('the golden file has an entry for every type and no other', () => {
  expect(Object.keys(golden.types)).toEqual(Object.keys(examples));
  expect(Object.keys(golden.derived)).toEqual(Object.keys(actual.derived));
});

test.each(Object.keys(actual.derived))('%s is what it always was', (name) => {
  expect(actual.derived[name]).toBe(golden.derived[name]);
});

describe.each(Object.entries(examples))('%s', (name, { bytes, again }) => {
  test('is encoded as it always was', () => {
    expect(toHex(bytes)).toBe(golden.types[name]?.bytes);
    expect(sha256Hash(bytes)).toBe(golden.types[name]?.sha256);
  });

  test('is decoded to what it was', () => {
    expect(again(bytes)).toEqual(bytes);
  });

  test('has one encoding for each value: bytes with a change are refused, or stand for another value', () => {
    const changed = [Uint8Array.from([...bytes, 0]), bytes.slice(0, -1), new Uint8Array(0)];
    for (const [at, byte] of bytes.entries()) for (const bit of [1, 128]) changed.push(bytes.with(at, byte ^ bit));
    for (const other of changed) expect(again(other) ?? other).toEqual(other);
  });
});

test('the record of the fullest block there can be is read back: a node that wrote it must start again', () => {
  const events = Array.from({ length: 16 }, () => ({ ...receipt.events[0]! }));
  const full = {
    header,
    executed: [],
    receipts: Array.from({ length: BODY_TRANSACTIONS_MAX }, () => ({ ...receipt, events })),
  };
  expect(blockRecordCodec.decode(blockRecordCodec.encode(full)).ok).toBe(true);
});

test.each(['Header', 'Offence', 'Account', 'SignedVote, commit', 'Evidence'])(
  '%s is of one size, and refused with a byte more or less',
  (name) => {
    const { bytes, again } = examples[name]!;
    expect(again(Uint8Array.from([...bytes, 0]))).toBeUndefined();
    expect(again(bytes.slice(0, -1))).toBeUndefined();
  },
);
