/**
 * What travels between peers and what the protocol stores: frozen bytes, strict decoding, and nothing that foreign bytes
 * could make throw. `UPDATE_GOLDEN=1` writes the file anew, on purpose.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epoch, height, validatorIndex, view } from '../../src/base/brand.ts';
import { fromHex, toHex } from '../../src/codec/hex.ts';
import {
  claimsOf,
  newViewSigningBytes,
  preparedCertificateCodec,
  signedNewViewCodec,
  signedViewChangeCodec,
  type Status,
  statusCodec,
  viewChangeSigningBytes,
} from '../../src/consensus/messages.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { sha256Hash } from '../../src/crypto/sha256.ts';
import { promiseOperation, transactionPlaceCodec } from '../../src/driver/stored/records.ts';
import {
  areSigned,
  decodePeerMessage,
  encodePeerMessage,
  laneOf,
  type PeerMessage,
} from '../../src/driver/wire/wire.ts';
import { type Body, type FullBody, NULL_BODY_HASH } from '../../src/ledger/block.ts';
import { CHAIN, H, instanceOf, Pens } from '../consensus/kit.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';

const FILE = new URL('./golden.json', import.meta.url);

const pens = new Pens(instanceOf({ epoch: 1, firstHeight: 1 }));
const certificate = pens.certificate(2, H('b'), [0, 1, 3]);
const prepared = [pens.prepared(1, 3, H('a'), [0, 1]), pens.prepared(0, 5, H('e'), [2, 3])];
const viewChange = pens.viewChange(0, 2, { stable: certificate, prepared });
const hiding = pens.viewChange(2, 2);
const newView = pens.newView(2, [viewChange, pens.viewChange(1, 2), pens.viewChange(3, 2)]);
const status: Status = {
  epoch: epoch(1),
  view: view(2),
  active: true,
  stableHeight: height(Number.MAX_SAFE_INTEGER),
  executedHeight: height(4),
  viewChanges: [{ voter: validatorIndex(63), view: view(3) }],
  slots: [
    {
      height: height(5),
      hasPrePrepare: true,
      prepares: signersOf([validatorIndex(1)]),
      commits: signersOf([]),
      checkpoints: signersOf([validatorIndex(2)]),
    },
  ],
};
const transaction = makeTransaction({ chainId: CHAIN, sender: stranger(1), operations: [transfer(stranger(2), 1n)] });
const body: Body = {
  proposer: validatorIndex(1),
  timestampMs: 1_800_000_000_000,
  certificate,
  transactionIds: [transaction.id],
  evidence: [],
};
const fullBody: FullBody = { body, transactions: [transaction.bytes] };
const { header } = genesisState(makeGenesis()).head;

const messages: { readonly [K in PeerMessage['kind']]: Extract<PeerMessage, { kind: K }> } = {
  vote: { kind: 'vote', vote: pens.vote(2, 'commit', 1, 3, H('a')) },
  'pre-prepare': { kind: 'pre-prepare', vote: pens.prePrepare(0, 3, H('a')), body },
  'view-change': { kind: 'view-change', viewChange },
  'new-view': { kind: 'new-view', newView },
  status: { kind: 'status', status },
  transactions: { kind: 'transactions', transactions: [transaction.bytes, new Uint8Array([1])] },
  'fetch-transactions': { kind: 'fetch-transactions', ids: [H('a'), NULL_BODY_HASH] },
  'fetch-body': { kind: 'fetch-body', height: height(3), hash: H('a') },
  body: { kind: 'body', height: height(3), fullBody },
  'fetch-blocks': { kind: 'fetch-blocks', from: height(258), count: 64 },
  blocks: {
    kind: 'blocks',
    blocks: [
      { header, fullBody, certificate },
      { header, fullBody, certificate: null },
    ],
  },
  certificate: { kind: 'certificate', certificate },
  evidence: {
    kind: 'evidence',
    evidence: [
      {
        kind: 'equivocation',
        first: pens.vote(2, 'commit', 1, 3, H('a')),
        second: pens.vote(2, 'commit', 1, 3, H('b')),
      },
      {
        kind: 'amnesia',
        commit: pens.vote(2, 'commit', 1, 3, H('a')),
        viewChange: { claims: claimsOf(hiding.viewChange), signature: hiding.signature },
      },
    ],
  },
};

const stored = {
  PreparedCertificate: preparedCertificateCodec.encode(prepared[0]!),
  SignedViewChange: signedViewChangeCodec.encode(viewChange),
  SignedNewView: signedNewViewCodec.encode(newView),
  Status: statusCodec.encode(status),
  TransactionPlace: transactionPlaceCodec.encode({ height: height(258), index: 513 }),
};

const actual = {
  messages: Object.fromEntries(
    Object.entries(messages).map(([kind, message]) => {
      const bytes = encodePeerMessage(message);
      return [kind, { bytes: toHex(bytes), sha256: sha256Hash(bytes) }];
    }),
  ),
  stored: Object.fromEntries(
    Object.entries(stored).map(([name, bytes]) => [name, { bytes: toHex(bytes), sha256: sha256Hash(bytes) }]),
  ),
  signed: {
    'VIEW-CHANGE': sha256Hash(viewChangeSigningBytes(CHAIN, viewChange.viewChange)),
    'NEW-VIEW': sha256Hash(newViewSigningBytes(CHAIN, newView.newView)),
  },
  keys: [
    { kind: 'vote', vote: messages.vote.vote } as const,
    { kind: 'prepared', prepared: prepared[0]! } as const,
    { kind: 'view-change', viewChange } as const,
    { kind: 'new-view', newView } as const,
  ].map((record) => promiseOperation(epoch(1), record).key),
};
if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, `${JSON.stringify(actual, null, 2)}\n`);
const golden = JSON.parse(readFileSync(FILE, 'utf8')) as typeof actual;

test('the frozen file has every kind of message and stored type, and no other', () => {
  expect(Object.keys(golden.messages)).toEqual(Object.keys(messages));
  expect(Object.keys(golden.stored)).toEqual(Object.keys(stored));
});

test.each(Object.keys(stored))('%s is stored as it always was', (name) => {
  expect(actual.stored[name]).toEqual(golden.stored[name]);
});

test('what is signed and where promises are stored is what it always was', () => {
  expect(actual.signed).toEqual(golden.signed);
  expect(actual.keys).toEqual(golden.keys);
});

describe.each(Object.values(messages).map((message) => [message.kind, message] as const))('%s', (kind, message) => {
  const bytes = encodePeerMessage(message);

  test('travels as it always did', () => {
    expect(actual.messages[kind]).toEqual(golden.messages[kind]);
    expect(sha256Hash(fromHex(golden.messages[kind]?.bytes ?? ''))).toBe(golden.messages[kind]?.sha256);
  });

  test('is what it was when it arrives', () => {
    const decoded = decodePeerMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.error.message);
    expect(decoded.value.kind).toBe(kind);
    expect(encodePeerMessage(decoded.value)).toEqual(bytes);
  });

  test('is refused when a byte is missing or too many, or stands for something else', () => {
    for (const changed of [bytes.slice(0, -1), Uint8Array.from([...bytes, 0]), bytes.slice(0, 1)]) {
      const decoded = decodePeerMessage(changed);
      // Lists of bytes have a meaning at other lengths too, but never that of this message.
      if (decoded.ok) expect(encodePeerMessage(decoded.value)).toEqual(changed);
      else expect(decoded.error.code).toMatch(/^(MALFORMED|NON_CANONICAL|TOO_LARGE)$/);
    }
  });

  test('with any byte changed is refused, or is another message in its only form', () => {
    for (let at = 0; at < bytes.length; at++)
      for (const bit of [1, 128, 255]) {
        const changed = bytes.with(at, (bytes[at] ?? 0) ^ bit);
        const decoded = decodePeerMessage(changed);
        if (decoded.ok) expect(toHex(encodePeerMessage(decoded.value))).toBe(toHex(changed));
      }
  });
});

test('bytes of any kind and content never throw', () => {
  const kinds = Object.keys(messages).length;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: kinds + 1 }), fc.uint8Array({ maxLength: 600 }), (kind, content) => {
      const bytes = Uint8Array.from([kind, ...content]);
      const decoded = decodePeerMessage(bytes);
      if (decoded.ok) expect(encodePeerMessage(decoded.value)).toEqual(bytes);
    }),
    { numRuns: 3000 },
  );
});

test('offsets and lengths of any size in real messages never throw', () => {
  const all = Object.values(messages).map(encodePeerMessage);
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.nat(),
      fc.constantFrom(0, 1, 0x7fff, 0xffffffff, 0x80000000),
      (which, place, value) => {
        const bytes = Uint8Array.from(all[which]!);
        const at = 1 + (place % Math.max(1, bytes.length - 5));
        if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, value, true);
        const decoded = decodePeerMessage(bytes);
        if (decoded.ok) expect(toHex(encodePeerMessage(decoded.value))).toBe(toHex(bytes));
      },
    ),
    { numRuns: 3000 },
  );
});

test.each([
  ['nothing', new Uint8Array(), 'UNKNOWN_KIND'],
  ['an unknown kind', new Uint8Array([99, 1, 2]), 'UNKNOWN_KIND'],
  ['a vote of a megabyte', new Uint8Array(1024 * 1024), 'TOO_LARGE'],
])('%s is refused', (_, bytes, code) => {
  expect(decodePeerMessage(bytes)).toMatchObject({ ok: false, error: { code } });
});

test('the bytes tell what a validator signs for itself', () => {
  const signed = Object.values(messages).filter((message) => areSigned(encodePeerMessage(message)));
  expect(signed.map(({ kind }) => kind)).toEqual(['vote', 'pre-prepare', 'view-change', 'new-view']);
  expect([new Uint8Array(), new Uint8Array([99])].some(areSigned)).toBe(false);
});

test('what the protocol waits for goes first', () => {
  const lanes = Object.fromEntries(Object.values(messages).map((message) => [message.kind, laneOf(message)]));
  expect(Object.keys(lanes).filter((kind) => lanes[kind] === 'consensus')).toEqual([
    'vote',
    'pre-prepare',
    'view-change',
    'new-view',
    'status',
    'certificate',
    'evidence',
  ]);
});
