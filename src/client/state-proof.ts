/**
 * Checks what a node says of the state, on a machine that trusts no node: only the genesis, whose validators sign certificates. It
 * needs no network, so an answer that was kept can be checked years later.
 */
import type { CertificateJson } from '../api/header.ts';
import { type StateProofJson, stateProofSchema } from '../api/state.ts';
import type { Epoch, Hash, Height, ValidatorIndex } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { fromHex } from '../codec/hex.ts';
import { authorityOf, checkCertificate } from '../consensus/authenticate.ts';
import { signersOf } from '../consensus/tally.ts';
import { nobleEd25519 } from '../crypto/ed25519.ts';
import { blockHash, type Header } from '../ledger/block.ts';
import { type EpochSet, epochsOf } from '../ledger/epoch.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { VALIDATORS_MAX } from '../ledger/limits.ts';
import { decodeTreeProof } from '../ledger/tree/proof-codec.ts';
import { verifyTreeProof } from '../ledger/tree/verify.ts';
import type { Certificate } from '../ledger/vote.ts';

/** What is trusted of a network. A genesis is one (`parseGenesis`). */
export interface TrustedNetwork extends Omit<Genesis, 'accounts' | 'supply' | 'validatorAccounts'> {
  /** The validators of later epochs, as they followed from those of the genesis (`HandOvers`). Without them those of the genesis are taken
   *  to validate for ever. */
  readonly epochs?: { of(epoch: Epoch): EpochSet | undefined };
}

export interface StateClaim {
  /** Names the entry in the state: `account/` and the public key in hexadecimal, for instance. */
  readonly key: string;
  /** As it is in the state; undefined where nothing stands under the key. */
  readonly value: Uint8Array | undefined;
}

/** What is proved of the block after which the claim holds. */
export interface ProvedState {
  readonly height: Height;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly stateRoot: Hash;
  readonly blockHash: Hash;
  /** Time of the block after it, where the proof has that too. */
  readonly nextTimestampMs: number | undefined;
}

/**
 * MALFORMED_PROOF: not a proof. WRONG_STATE: the state of that block has something else there. BROKEN_CHAIN: the headers do not follow
 * one another, or the certificate is of another block. NOT_FINAL: no quorum of the validators signed it.
 */
export type StateProofError = Coded<'MALFORMED_PROOF' | 'WRONG_STATE' | 'BROKEN_CHAIN' | 'NOT_FINAL'>;

/** Whether the proof shows that the claim holds after some final block of the network, and after which. Errors: StateProofError. */
export function verifyStateProof(
  network: TrustedNetwork,
  { key, value }: StateClaim,
  proof: StateProofJson,
): Result<ProvedState, StateProofError> {
  const parsed = stateProofSchema.safeParse(proof);
  if (!parsed.success) return fail('MALFORMED_PROOF', parsed.error.message);
  const tree = decodeTreeProof(fromHex(parsed.data.tree));
  if (!tree.ok) return fail('MALFORMED_PROOF', tree.error.message);
  const headers = parsed.data.headers.map((header) => header as Header);
  const [header, next] = headers;
  if (header === undefined) return fail('MALFORMED_PROOF', 'a proof has a header');
  const root = header.stateRoot;
  const shown = verifyTreeProof({ root, key: new TextEncoder().encode(key), value }, tree.value);
  if (!shown.ok) return fail('WRONG_STATE', shown.error.message);
  const final = checkFinal(network, headers, parsed.data.certificate);
  if (!final.ok) return final;
  return ok({
    height: header.height,
    timestampMs: header.timestampMs,
    stateRoot: root,
    blockHash: blockHash(header),
    nextTimestampMs: next?.timestampMs,
  });
}

function checkFinal(
  network: TrustedNetwork,
  headers: readonly Header[],
  certificateJson: CertificateJson,
): Result<void, StateProofError> {
  let parent: Header | undefined;
  let hash: Hash | undefined;
  for (const header of headers) {
    const follows = parent === undefined || (header.parentHash === hash && header.height === parent.height + 1);
    if (!follows) return fail('BROKEN_CHAIN', `block ${header.height} does not follow the one before it`);
    parent = header;
    hash = blockHash(header);
  }
  const certificate = certificateOf(certificateJson);
  if (certificate === undefined) return fail('MALFORMED_PROOF', 'signers are validators by growing index');
  if (certificate.blockHash !== hash || certificate.height !== parent?.height)
    return fail('BROKEN_CHAIN', 'the certificate is not that of the last header');
  const epoch = (network.epochs ?? epochsOf(network)).of(certificate.epoch);
  if (epoch === undefined) return fail('NOT_FINAL', `the validators of epoch ${certificate.epoch} are not known`);
  const authority = authorityOf(epoch, network, (...check) => nobleEd25519.verify(...check));
  const checked = checkCertificate(authority, certificate);
  return checked.ok ? ok(undefined) : fail('NOT_FINAL', checked.error.message);
}

/** Undefined where no certificate is written so. */
export function certificateOf(json: CertificateJson): Certificate | undefined {
  const { epoch, height, blockHash: hash, signers, signatures } = json;
  const inOrder = signers.every((signer, i) => signer < VALIDATORS_MAX && (i === 0 || signer > (signers[i - 1] ?? 0)));
  if (!inOrder) return undefined;
  return {
    epoch: epoch as Epoch,
    height: height as Height,
    blockHash: hash,
    signers: signersOf(signers as ValidatorIndex[]),
    signatures: signatures.map(fromHex),
  };
}
