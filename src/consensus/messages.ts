/**
 * Messages between replicas. Source of the protocol: Castro & Liskov, "Practical Byzantine Fault Tolerance" (OSDI 1999),
 * cited below by section; the deviations are listed in SPEC.md.
 */
import { BooleanType, ContainerType, ListCompositeType, OptionalType, type ValueOf } from '@chainsafe/ssz';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import { shared } from '../base/shared.ts';
import { type Codec, codec } from '../codec/codec.ts';
import { hex32, uint16, uint64 } from '../codec/types.ts';
import { signingBytes } from '../crypto/domain.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import { type Claims, claimsSigningBytes } from '../ledger/evidence.ts';
import { VALIDATORS_MAX } from '../ledger/limits.ts';
import {
  type Certificate,
  CertificateType,
  SignatureType,
  type SignedVote,
  SignedVoteType,
  SignersType,
} from '../ledger/vote.ts';
import { WINDOW_MAX } from './limits.ts';

/** A quorum prepared one body in one view (4.2): the PRE-PREPARE of the view's primary and PREPAREs that with it make a
 *  quorum. Signatures are those of `prepares` in the order of their indices; the primary is not among them. */
export const PreparedCertificateType = new ContainerType({
  epoch: uint64<Epoch>(),
  view: uint64<View>(),
  height: uint64<Height>(),
  bodyHash: hex32<Hash>(),
  primary: uint16<ValidatorIndex>(),
  prePrepareSignature: SignatureType,
  prepares: SignersType,
  prepareSignatures: new ListCompositeType(SignatureType, VALIDATORS_MAX),
});

/** A quorum of COMMITs for one body in one view (4.2 "committed-local"). No message carries it: nodes keep it, to show who is
 *  guilty should another body ever be committed at this height. Signatures stand in the order of the signers' indices. */
const CommitCertificateType = new ContainerType({
  epoch: uint64<Epoch>(),
  view: uint64<View>(),
  height: uint64<Height>(),
  bodyHash: hex32<Hash>(),
  signers: SignersType,
  signatures: new ListCompositeType(SignatureType, VALIDATORS_MAX),
});

/** Asks for a view, and tells what its sender prepared above its newest certificate. In the paper (4.4) `stable` is n
 *  and C, the stable checkpoint with its proof, and `prepared` is P. */
const ViewChangeType = new ContainerType({
  epoch: uint64<Epoch>(),
  /** The view to move to. */
  view: uint64<View>(),
  voter: uint16<ValidatorIndex>(),
  /** The newest finality certificate of the epoch; null while there is none. */
  stable: new OptionalType(CertificateType),
  /** By growing height, one for each height that was prepared: the certificate of the highest view. */
  prepared: new ListCompositeType(PreparedCertificateType, WINDOW_MAX),
});

/** What proves the claims of a VIEW-CHANGE. */
const ViewChangeProofType = new ContainerType({
  stable: ViewChangeType.fields.stable,
  prepared: ViewChangeType.fields.prepared,
});

/** The signature is that of its claims, which name the certificates by their hash: so it covers all of the message. */
export const SignedViewChangeType = new ContainerType({ viewChange: ViewChangeType, signature: SignatureType });

/** Begins a view. In the paper (4.4) `viewChanges` is V and `prePrepares` is O. */
const NewViewType = new ContainerType({
  epoch: uint64<Epoch>(),
  view: uint64<View>(),
  voter: uint16<ValidatorIndex>(),
  /** A quorum, by growing index. */
  viewChanges: new ListCompositeType(SignedViewChangeType, VALIDATORS_MAX),
  /** The PRE-PREPAREs that follow from them, by growing height without gaps. */
  prePrepares: new ListCompositeType(SignedVoteType, WINDOW_MAX),
});

export const SignedNewViewType = new ContainerType({ newView: NewViewType, signature: SignatureType });

/** Whose votes a replica has, of one height in its current view. */
const SlotStatusType = new ContainerType({
  height: uint64<Height>(),
  hasPrePrepare: new BooleanType(),
  prepares: SignersType,
  commits: SignersType,
  checkpoints: SignersType,
});

/** That a replica holds a VIEW-CHANGE of this voter, to this view. */
const HeldViewChangeType = new ContainerType({ voter: uint16<ValidatorIndex>(), view: uint64<View>() });

/** Where a replica stands. Its peers answer with exactly what it lacks (thesis, 5.2). Not signed: a lie in it earns its
 *  sender messages that it does not need, and nothing else. */
const StatusType = new ContainerType({
  epoch: uint64<Epoch>(),
  view: uint64<View>(),
  /** False between its VIEW-CHANGE to `view` and the NEW-VIEW of it. */
  active: new BooleanType(),
  stableHeight: uint64<Height>(),
  executedHeight: uint64<Height>(),
  /** The VIEW-CHANGEs that it holds, and to which view; none below its own. */
  viewChanges: new ListCompositeType(HeldViewChangeType, VALIDATORS_MAX),
  /** Heights above `stableHeight`, by growing height. */
  slots: new ListCompositeType(SlotStatusType, WINDOW_MAX),
});

export type PreparedCertificate = Readonly<ValueOf<typeof PreparedCertificateType>>;
export type CommitCertificate = Readonly<ValueOf<typeof CommitCertificateType>>;
export type ViewChange = Readonly<ValueOf<typeof ViewChangeType>>;
export type SignedViewChange = Readonly<ValueOf<typeof SignedViewChangeType>>;
export type NewView = Readonly<ValueOf<typeof NewViewType>>;
export type SignedNewView = Readonly<ValueOf<typeof SignedNewViewType>>;
export type SlotStatus = Readonly<ValueOf<typeof SlotStatusType>>;
export type Status = Readonly<ValueOf<typeof StatusType>>;

/** What one replica says to another; SPEC.md has a table of who sends which when. A body is no part of it: the driver
 *  sends it beside the PRE-PREPARE (src/driver/wire/wire.ts). */
export type Message =
  | { readonly kind: 'vote'; readonly vote: SignedVote }
  | { readonly kind: 'view-change'; readonly viewChange: SignedViewChange }
  | { readonly kind: 'new-view'; readonly newView: SignedNewView }
  | { readonly kind: 'status'; readonly status: Status }
  /** A finality certificate, passed on to who lacks it. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate };

const VIEW_CHANGE_BYTES_MAX = SignedViewChangeType.maxSize;

const viewChangeProofCodec = codec('ViewChangeProof', ViewChangeProofType, ViewChangeProofType.maxSize);
const newViewCodec = codec('NewView', NewViewType, NewViewType.maxSize);
export const preparedCertificateCodec: Codec<PreparedCertificate> = codec(
  'PreparedCertificate',
  PreparedCertificateType,
  PreparedCertificateType.maxSize,
);
export const commitCertificateCodec: Codec<CommitCertificate> = codec(
  'CommitCertificate',
  CommitCertificateType,
  CommitCertificateType.maxSize,
);
export const signedViewChangeCodec: Codec<SignedViewChange> = codec(
  'SignedViewChange',
  SignedViewChangeType,
  VIEW_CHANGE_BYTES_MAX,
);
export const signedNewViewCodec: Codec<SignedNewView> = codec(
  'SignedNewView',
  SignedNewViewType,
  SignedNewViewType.maxSize,
);
export const statusCodec: Codec<Status> = codec('Status', StatusType, StatusType.maxSize);

/** What a VIEW-CHANGE says without its proof. It is worked out several times for each: to check the signature, and to compare it
 *  with COMMITs. */
export const claimsOf = (viewChange: ViewChange): Claims => claimed(viewChange);

const claimed = shared(
  ({ epoch, view, voter, stable, prepared }: ViewChange): Claims => ({
    epoch,
    view,
    voter,
    stableHeight: stable?.height ?? (0 as Height),
    prepared: prepared.map(({ view: preparedIn, height, bodyHash }) => ({ view: preparedIn, height, bodyHash })),
    certificates: sha256Hash(viewChangeProofCodec.encode({ stable, prepared: [...prepared] })),
  }),
);

export const viewChangeSigningBytes = (chainId: Hash, viewChange: ViewChange): Uint8Array =>
  viewChangeToSign(viewChange, chainId);

const viewChangeToSign = shared((viewChange: ViewChange, chainId: Hash) =>
  claimsSigningBytes(chainId, claimsOf(viewChange)),
);

export const newViewSigningBytes = (chainId: Hash, newView: NewView): Uint8Array => newViewToSign(newView, chainId);

const newViewToSign = shared((newView: NewView, chainId: Hash) =>
  signingBytes('new-view', chainId, newViewCodec.encode(newView)),
);
