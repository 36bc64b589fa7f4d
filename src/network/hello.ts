/** The first message each way on a connection: it proves that both sides speak the same protocol about the same chain. */
import { ByteVectorType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import type { Hash } from '../base/brand.ts';
import { fail, type Result } from '../base/result.ts';
import { codec } from '../codec/codec.ts';
import { hex32, uint16 } from '../codec/types.ts';

/** Version of everything that travels on the stream. It stands first in a HELLO for ever, so that any two versions can
 *  tell each other which they are. */
export const PROTOCOL_VERSION = 1;
export const INCARNATION_BYTES = 16;

const HelloType = new ContainerType({
  version: uint16(),
  chainId: hex32<Hash>(),
  /** Random, new with each start of the process: tells a peer that came back from one that dials twice. */
  incarnation: new ByteVectorType(INCARNATION_BYTES),
});

export type Hello = Readonly<ValueOf<typeof HelloType>>;

export interface HelloError {
  readonly code: 'HELLO_MALFORMED' | 'WRONG_VERSION' | 'WRONG_CHAIN';
  readonly message: string;
}

export const helloCodec = codec('Hello', HelloType, HelloType.maxSize);

/** Reads a peer's HELLO. Errors: HELLO_MALFORMED, WRONG_VERSION, WRONG_CHAIN. */
export function readHello(bytes: Uint8Array, chainId: Hash): Result<Hello, HelloError> {
  const [low, high] = bytes;
  if (low === undefined || high === undefined) return fail('HELLO_MALFORMED', 'HELLO without a version');
  const version = low | (high << 8);
  if (version !== PROTOCOL_VERSION) {
    return fail('WRONG_VERSION', `peer speaks protocol version ${version}, this node ${PROTOCOL_VERSION}`);
  }
  const hello = helloCodec.decode(bytes);
  if (!hello.ok) return fail('HELLO_MALFORMED', hello.error.message);
  if (hello.value.chainId !== chainId) {
    return fail('WRONG_CHAIN', `peer is on chain ${hello.value.chainId}, this node on ${chainId}`);
  }
  return hello;
}
