/** The bytes that validators sign, put together by the words of the design: a second opinion on what the node computes. */
import type { EvidenceJson } from '../../src/ledger/evidence-json.ts';
import { fromHex } from '../../src/codec/hex.ts';

export type VoteJson = Extract<EvidenceJson, { kind: 'equivocation' }>['first']['vote'];
export type ClaimsJson = Extract<EvidenceJson, { kind: 'amnesia' }>['viewChange']['claims'];

/** `trefoil/<kind>/v1 ‖ 0x00 ‖ chainId ‖ kind ‖ epoch ‖ view ‖ height ‖ hash`, numbers as 64-bit little-endian. */
export function voteBytes(chainId: string, { kind, epoch, view, height, hash }: VoteJson): Uint8Array {
  const kindByte = ['pre-prepare', 'prepare', 'commit', 'checkpoint'].indexOf(kind);
  const body = [Buffer.from([kindByte]), numbers(epoch, view, height), fromHex(hash)];
  return concat(`trefoil/${kind}/v1\0`, chainId, body);
}

/** `trefoil/view-change/v2 ‖ 0x00 ‖ chainId ‖ epoch ‖ view ‖ voter (16 bits) ‖ height of the certificate ‖ 62 (32 bits: where the list
 *  begins) ‖ hash of the certificates`, and then for each prepared body `view ‖ height ‖ hash`. */
export function claimsBytes(chainId: string, claims: ClaimsJson): Uint8Array {
  const { epoch, view, voter, stableHeight, prepared, certificates } = claims;
  const short = Buffer.alloc(2);
  short.writeUInt16LE(voter);
  const offset = Buffer.alloc(4);
  offset.writeUInt32LE(62);
  const list = prepared.flatMap((each) => [numbers(each.view, each.height), fromHex(each.bodyHash)]);
  const body = [numbers(epoch, view), short, numbers(stableHeight), offset, fromHex(certificates), ...list];
  return concat('trefoil/view-change/v2\0', chainId, body);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 * i);
  return bytes;
}

const concat = (domain: string, chainId: string, body: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat([Buffer.from(domain, 'latin1'), fromHex(chainId), ...body]));
