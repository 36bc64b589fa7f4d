/**
 * Votes: the signed statements of validators that end up in blocks, as certificates and in evidence (evidence.ts). The protocol that
 * gives them meaning is in src/consensus; the ledger only needs to know what they look like and who signed them.
 */
import {
  BitVectorType,
  type BitArray,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  type ValueOf,
} from '@chainsafe/ssz';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import { shared } from '../base/shared.ts';
import { codec } from '../codec/codec.ts';
import { hex32, nameOf, uint16, uint64 } from '../codec/types.ts';
import { signingBytes } from '../crypto/domain.ts';
import { VALIDATORS_MAX } from './limits.ts';

export const SignatureType = new ByteVectorType(64);

/** Signers as bits by validator index. */
export const SignersType = new BitVectorType(VALIDATORS_MAX);
export type Signers = BitArray;

export const VOTE_KINDS = ['pre-prepare', 'prepare', 'commit', 'checkpoint'] as const;
export type VoteKind = (typeof VOTE_KINDS)[number];

/** What a validator states: in this epoch, view and height, this hash. `hash` is the body's; of a CHECKPOINT, which binds
 *  no view (it is 0), the block's. */
export const VoteType = new ContainerType({
  kind: nameOf(VOTE_KINDS),
  epoch: uint64<Epoch>(),
  view: uint64<View>(),
  height: uint64<Height>(),
  hash: hex32<Hash>(),
});

export const SignedVoteType = new ContainerType({
  vote: VoteType,
  voter: uint16<ValidatorIndex>(),
  signature: SignatureType,
});

/** More than two thirds of the power signed one block: its finality certificate. Signatures are those of the signers in
 *  the order of their indices. */
export const CertificateType = new ContainerType({
  epoch: uint64<Epoch>(),
  height: uint64<Height>(),
  blockHash: hex32<Hash>(),
  signers: SignersType,
  signatures: new ListCompositeType(SignatureType, VALIDATORS_MAX),
});

export type Vote = Readonly<ValueOf<typeof VoteType>>;
export type SignedVote = Readonly<ValueOf<typeof SignedVoteType>>;
export type Certificate = Readonly<ValueOf<typeof CertificateType>>;

const voteCodec = codec('Vote', VoteType, VoteType.maxSize);
export const signedVoteCodec = codec('SignedVote', SignedVoteType, SignedVoteType.maxSize);
export const certificateCodec = codec('Certificate', CertificateType, CertificateType.maxSize);

/** What the voter signs. */
export const voteSigningBytes = (chainId: Hash, vote: Vote): Uint8Array => bytesToSign(vote, chainId);

const bytesToSign = shared((vote: Vote, chainId: Hash) => signingBytes(vote.kind, chainId, voteCodec.encode(vote)));
