/**
 * Evidence: two signed messages of one validator that nobody honest signs both, which anyone can check. It ends up in
 * bodies, and is some hundred bytes long. What contradicts what is decided in src/consensus/evidence.ts; the ledger only
 * needs to know what evidence looks like.
 */
import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import { codec } from '../codec/codec.ts';
import { hex32, uint16, uint64, unionByKind } from '../codec/types.ts';
import { signingBytes } from '../crypto/domain.ts';
import { WINDOW_MAX } from './limits.ts';
import { SignatureType, SignedVoteType } from './vote.ts';

/** One height of a VIEW-CHANGE: in which view its signer says that the body was prepared. */
const ClaimType = new ContainerType({ view: uint64<View>(), height: uint64<Height>(), bodyHash: hex32<Hash>() });

/** What a VIEW-CHANGE says, without the certificates that prove it. This is what its sender signs: so its lies can be
 *  proved in a few hundred bytes, where the message itself may have a hundred thousand. */
const ClaimsType = new ContainerType({
  epoch: uint64<Epoch>(),
  /** The view to move to. */
  view: uint64<View>(),
  voter: uint16<ValidatorIndex>(),
  /** Of the finality certificate; 0 where there is none of the epoch. */
  stableHeight: uint64<Height>(),
  /** By growing height. */
  prepared: new ListCompositeType(ClaimType, WINDOW_MAX),
  /** SHA-256 of the finality certificate and the prepared certificates, encoded as in the VIEW-CHANGE: nobody who passes the
   *  message on can change them. */
  certificates: hex32<Hash>(),
});

const SignedClaimsType = new ContainerType({ claims: ClaimsType, signature: SignatureType });

export const EvidenceType = unionByKind({
  /** Two different votes of one voter where the protocol allows one. `first.hash < second.hash`, so that one offence has
   *  one form. */
  equivocation: new ContainerType({ first: SignedVoteType, second: SignedVoteType }),
  /** A VIEW-CHANGE of a voter that hides what its own COMMIT says that it prepared. */
  amnesia: new ContainerType({ commit: SignedVoteType, viewChange: SignedClaimsType }),
});

export type Claims = Readonly<ValueOf<typeof ClaimsType>>;
export type SignedClaims = Readonly<ValueOf<typeof SignedClaimsType>>;
export type Evidence = Readonly<ValueOf<typeof EvidenceType>>;
export type Equivocation = Extract<Evidence, { readonly kind: 'equivocation' }>;
export type Amnesia = Extract<Evidence, { readonly kind: 'amnesia' }>;

const claimsCodec = codec('Claims', ClaimsType, ClaimsType.maxSize);
export const evidenceCodec = codec('Evidence', EvidenceType, EvidenceType.maxSize);

/** What the sender of a VIEW-CHANGE signs. */
export const claimsSigningBytes = (chainId: Hash, claims: Claims): Uint8Array =>
  signingBytes('view-change', chainId, claimsCodec.encode(claims));
