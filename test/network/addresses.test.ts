import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { AddressBook, type PeerAddress, parseAddress } from '../../src/network/addresses.ts';
import { nodeIdentity } from '../../src/network/identity.ts';
import { DISCOVERED_ADDRESSES_MAX } from '../../src/network/limits.ts';

const PEER = nodeIdentity(new Uint8Array(32).fill(1)).peerId;

function address(port: number): PeerAddress {
  const parsed = parseAddress(`/ip4/127.0.0.1/tcp/${port}/p2p/${PEER}`);
  return present(parsed.ok ? parsed.value : undefined, 'a good address');
}

const ports = (book: AddressBook): number[] =>
  book.of(PEER).map((known) => Number(known.getComponents().find(({ name }) => name === 'tcp')?.value));

describe('addresses', () => {
  test.each([
    `/ip4/10.0.0.1/tcp/9000/p2p/${PEER}`,
    `/ip6/::1/tcp/9000/p2p/${PEER}`,
    `/dns4/validator.example/tcp/9000/p2p/${PEER}`,
  ])('%s is an address', (text) => {
    expect(parseAddress(text)).toMatchObject({ ok: true, value: { peer: PEER } });
  });

  test.each([
    '',
    'localhost:9000',
    '/ip4/127.0.0.1/tcp/9000',
    `/p2p/${PEER}`,
    `/ip4/127.0.0.1/udp/9000/p2p/${PEER}`,
    `/ip4/300.0.0.1/tcp/9000/p2p/${PEER}`,
    '/ip4/127.0.0.1/tcp/9000/p2p/nobody',
    `/ip4/127.0.0.1/tcp/9000/ws/p2p/${PEER}`,
  ])('%j is not', (text) => {
    expect(parseAddress(text)).toMatchObject({ ok: false, error: { code: 'BAD_ADDRESS' } });
  });

  test('discovered addresses make room for newer ones, and never push out a configured one', () => {
    const book = new AddressBook();
    book.configure(address(1));
    for (let port = 2; port < 10; port++) expect(book.discover(address(port))).toBe(true);
    expect(ports(book)).toEqual([1, 9, 8, 7, 6]);
    expect(ports(book)).toHaveLength(1 + DISCOVERED_ADDRESSES_MAX);
  });

  test('an address is news once', () => {
    const book = new AddressBook();
    book.configure(address(1));
    expect([address(1), address(2), address(2)].map((found) => book.discover(found))).toEqual([false, true, false]);
  });

  test('where the peer was reached stands first, and no announcement displaces it', () => {
    const book = new AddressBook();
    book.configure(address(1));
    book.discover(address(2));
    book.reached(address(2));
    for (let port = 3; port < 20; port++) book.discover(address(port));
    expect(ports(book)).toEqual([2, 1, 19, 18, 17, 16]);
    expect(book.discover(address(2))).toBe(false);
    book.reached(address(1));
    expect(ports(book)).toEqual([1, 19, 18, 17, 16]);
  });

  test('what was announced is forgotten where nobody was, the others are not', () => {
    const book = new AddressBook();
    book.configure(address(1));
    book.reached(address(2));
    book.discover(address(3));
    for (const port of [1, 2, 3]) book.failed(address(port));
    expect(ports(book)).toEqual([2, 1]);
  });

  test('forgetting a peer keeps what the operator configured', () => {
    const book = new AddressBook();
    book.configure(address(1));
    book.discover(address(2));
    book.forget(PEER);
    expect(ports(book)).toEqual([1]);
  });
});
