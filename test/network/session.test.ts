import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Hash, hash } from '../../src/base/brand.ts';
import { encodeFrame } from '../../src/network/frames.ts';
import { helloCodec, PROTOCOL_VERSION } from '../../src/network/hello.ts';
import {
  FRAME_BYTES_MAX,
  FRAME_TICKS_MAX,
  HANDSHAKE_TICKS_MAX,
  HEARTBEAT_TICKS,
  SILENCE_TICKS_MAX,
  STALL_TICKS_MAX,
} from '../../src/network/limits.ts';
import { type Ending, Session } from '../../src/network/session.ts';

const CHAIN = hash('ab'.repeat(32));
const hello = (name: number, chainId: Hash = CHAIN) => ({
  version: PROTOCOL_VERSION,
  chainId,
  incarnation: new Uint8Array(16).fill(name),
});
const helloFrame = (name: number, chainId?: Hash) => encodeFrame([helloCodec.encode(hello(name, chainId))]);
const HEARTBEAT = encodeFrame([]);

/** A session on a wire that writes down what it is given. */
function setup({ elects = true, elected = true, chainId = CHAIN } = {}) {
  const written: Uint8Array[] = [];
  const received: Uint8Array[] = [];
  const endings: Ending[] = [];
  const wire = { full: false };
  let opened = 0;
  const session = new Session('peer', elects, hello(1, chainId), {
    elect: () => elected,
    opened: () => void opened++,
    received: (message) => void received.push(message),
    ended: (ending) => void endings.push(ending),
  });
  const attach = () =>
    session.attach({ send: (bytes) => void written.push(bytes), full: () => wire.full, hold: () => {} });
  return { session, attach, wire, written, received, endings, opened: () => opened };
}

/** The same, after its handshake. */
function setupOpen() {
  const setting = setup();
  setting.attach();
  setting.session.receive(helloFrame(2));
  setting.written.length = 0;
  return setting;
}

describe('the handshake', () => {
  test('the larger id speaks first, and the answer opens its session', () => {
    const { session, attach, written, opened } = setup({ elects: false });
    attach();
    expect(written).toEqual([helloFrame(1)]);
    expect(session.open).toBe(false);
    session.receive(helloFrame(2));
    expect([session.open, opened(), session.incarnation]).toEqual([true, 1, new Uint8Array(16).fill(2)]);
  });

  test('the smaller id answers, and its answer opens its session', () => {
    const { session, attach, written } = setup();
    attach();
    expect(written).toEqual([]);
    session.receive(helloFrame(2));
    expect(written).toEqual([helloFrame(1)]);
    expect(session.open).toBe(true);
  });

  test('the smaller id does not answer on a connection it does not elect', () => {
    const { session, attach, written, endings, opened } = setup({ elected: false });
    attach();
    session.receive(helloFrame(2));
    expect([written, opened()]).toEqual([[], 0]);
    expect(endings).toMatchObject([{ code: 'TWIN', offence: false }]);
  });

  test('a peer of another chain is told which is ours, and is no offender', () => {
    const { session, attach, written, endings } = setup();
    attach();
    session.receive(helloFrame(2, hash('cd'.repeat(32))));
    expect(written).toEqual([helloFrame(1)]);
    expect(endings).toMatchObject([{ code: 'WRONG_CHAIN', offence: false, gently: true, opened: false }]);
  });

  test.each([
    ['a heartbeat', HEARTBEAT, 'HELLO_MALFORMED'],
    ['two messages', encodeFrame([helloCodec.encode(hello(2)), Uint8Array.of(1)]), 'HELLO_MALFORMED'],
    ['noise', encodeFrame([Uint8Array.of(PROTOCOL_VERSION, 0, 3)]), 'HELLO_MALFORMED'],
    ['a declared length that only an open session may have', Uint8Array.of(0, 1, 0, 0), 'FRAME_TOO_LARGE'],
  ])('%s instead of a HELLO is an offence', (_, bytes, code) => {
    const { session, attach, endings } = setup();
    attach();
    session.receive(bytes);
    expect(endings).toMatchObject([{ code, offence: true }]);
  });

  test.each([true, false])('silence instead of a HELLO ends it (stream there: %s)', (streamed) => {
    const { session, attach, endings } = setup();
    if (streamed) attach();
    for (let i = 0; i < HANDSHAKE_TICKS_MAX; i++) session.tick();
    expect(endings).toEqual([]);
    session.tick();
    expect(endings).toMatchObject([{ code: 'HANDSHAKE_TIMEOUT', offence: false }]);
  });

  test('messages in the same bytes as the HELLO are received', () => {
    const { session, attach, received } = setup({ elects: false });
    attach();
    session.receive(Buffer.concat([helloFrame(2), encodeFrame([Uint8Array.of(5)])]));
    expect(received).toEqual([Uint8Array.of(5)]);
  });
});

describe('an open session', () => {
  test('writes once for all messages of a turn', async () => {
    const { session, written } = setupOpen();
    const messages = Array.from({ length: 100 }, (_, i) => new Uint8Array(300).fill(i));
    for (const message of messages) session.send('consensus', message);
    expect(written).toEqual([]);
    await turn();
    expect(written).toEqual([encodeFrame(messages)]);
    expect(session.sent).toMatchObject({ frames: 2, messages: 101 });
  });

  test('writes no more while the stream is full, and the urgent first when it is not', async () => {
    const { session, wire, written } = setupOpen();
    wire.full = true;
    session.send('sync', Uint8Array.of(2));
    await turn();
    session.send('consensus', Uint8Array.of(1));
    await turn();
    expect(written).toEqual([]);
    wire.full = false;
    session.writable();
    await turn();
    expect(written).toEqual([encodeFrame([Uint8Array.of(1), Uint8Array.of(2)])]);
  });

  test('shows that it lives when it has nothing to say', () => {
    const { session, written } = setupOpen();
    for (let i = 0; i < 2 * HEARTBEAT_TICKS; i++) session.tick();
    expect(written).toEqual([HEARTBEAT, HEARTBEAT]);
  });

  test('lives on heartbeats alone, and ends without them', () => {
    const { session, endings } = setupOpen();
    for (let i = 0; i < 10 * SILENCE_TICKS_MAX; i++) {
      if (i % HEARTBEAT_TICKS === 0) session.receive(HEARTBEAT);
      session.tick();
    }
    expect(endings).toEqual([]);
    for (let i = 0; i <= SILENCE_TICKS_MAX; i++) session.tick();
    expect(endings).toMatchObject([{ code: 'SILENT', offence: false, opened: true }]);
  });

  test('ends when a frame comes byte by byte and never ends', () => {
    const { session, endings } = setupOpen();
    session.receive(Uint8Array.of(200, 0, 0, 0));
    for (let i = 0; i <= FRAME_TICKS_MAX; i++) {
      expect(endings).toEqual([]);
      session.receive(Uint8Array.of(1));
      session.tick();
    }
    expect(endings).toMatchObject([{ code: 'FRAME_TIMEOUT', offence: true }]);
  });

  test('ends when the peer does not read, but not while it reads slowly', () => {
    const { session, wire, endings } = setupOpen();
    wire.full = true;
    const second = () => {
      session.receive(HEARTBEAT);
      session.tick();
    };
    for (let i = 0; i < 10 * STALL_TICKS_MAX; i++) {
      if (i % 5 === 0) session.writable();
      second();
    }
    expect(endings).toEqual([]);
    for (let i = 0; i <= STALL_TICKS_MAX; i++) second();
    expect(endings).toMatchObject([{ code: 'STALLED', offence: false }]);
  });

  test.each([
    ['garbage', Uint8Array.of(5, 0, 0, 0, 9, 9, 9, 9, 9), 'FRAME_MALFORMED'],
    ['a declared length of 64 MB', Uint8Array.of(0, 0, 0, 4), 'FRAME_TOO_LARGE'],
  ])('ends with %s, which is an offence', (_, bytes, code) => {
    const { session, endings, received } = setupOpen();
    session.receive(bytes);
    session.receive(encodeFrame([Uint8Array.of(1)]));
    expect(endings).toMatchObject([{ code, offence: true, opened: true }]);
    expect(received).toEqual([]);
    expect(FRAME_BYTES_MAX).toBeLessThan(64_000_000);
  });

  test('hands over nothing more once the receiver has ended it', () => {
    const received: Uint8Array[] = [];
    const session: Session = new Session('peer', true, hello(1), {
      elect: () => true,
      opened: () => {},
      received(message) {
        received.push(message);
        session.end('PUNISHED', 'enough');
      },
      ended: () => {},
    });
    session.attach({ send: () => {}, full: () => false, hold: () => {} });
    session.receive(helloFrame(2));
    session.receive(encodeFrame([Uint8Array.of(1), Uint8Array.of(2)]));
    expect(received).toEqual([Uint8Array.of(1)]);
  });
});
