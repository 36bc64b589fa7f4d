/**
 * The validators of a network, followed from the genesis on: the last block of each epoch commits to those of the next, and a quorum of its
 * own signed it. So a client that knows the genesis checks proofs of any epoch, whoever validates by then.
 */
import { type HandOverJson, handOverSchema } from '../api/membership.ts';
import { handOverPath } from '../api/routes.ts';
import type { Epoch, Power, ValidatorIndex } from '../base/brand.ts';
import { fail, type Result } from '../base/result.ts';
import { fromHex } from '../codec/hex.ts';
import { authorityOf, checkCertificate } from '../consensus/authenticate.ts';
import { nobleEd25519 } from '../crypto/ed25519.ts';
import type { Header } from '../ledger/block.ts';
import { type EpochSet, firstEpoch } from '../ledger/epoch.ts';
import { nextSet } from '../ledger/hand-over.ts';
import { read } from './answers.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import { badProof } from './errors.ts';
import { certificateOf, type TrustedNetwork } from './state-proof.ts';

/** Sets that are kept: those of the newest epochs. For an older one they are followed from the genesis again. */
const SETS_MAX = 256;

/** The set that comes after this one. Errors: BROKEN_HAND_OVER; NOT_FINAL, no quorum of this set signed it. */
export function verifyHandOver(network: TrustedNetwork, before: EpochSet, handOver: HandOverJson): Result<EpochSet> {
  const certificate = certificateOf(handOver.certificate);
  if (certificate === undefined) return fail('BROKEN_HAND_OVER', 'signers are validators by growing index');
  const signed = checkCertificate(
    authorityOf(before, network, (...check) => nobleEd25519.verify(...check)),
    certificate,
  );
  if (!signed.ok) return fail('NOT_FINAL', signed.error.message);
  const seats = handOver.validators.map(({ index, publicKey, power }) => ({
    index: index as ValidatorIndex,
    publicKey: fromHex(publicKey),
    power: BigInt(power) as Power,
  }));
  return nextSet(before, handOver.header as Header, certificate, seats);
}

export class HandOvers {
  readonly #endpoint: Endpoint;
  readonly #network: TrustedNetwork;
  /** By epoch, without a gap from the lowest on. */
  readonly #sets = new Map<Epoch, EpochSet>();

  constructor(endpoint: Endpoint, network: TrustedNetwork) {
    this.#endpoint = endpoint;
    this.#network = network;
    this.#begin();
  }

  #begin(): EpochSet {
    const first = firstEpoch(this.#network);
    this.#sets.clear();
    this.#sets.set(first.epoch, first);
    return first;
  }

  /** Undefined where it was not followed so far. */
  of(epoch: Epoch): EpochSet | undefined {
    return this.#sets.get(epoch);
  }

  /** Follows the sets up to that of this epoch. Throws ClientError BAD_PROOF where one does not follow from the one before, and those of a
   *  request. */
  async follow(epoch: Epoch): Promise<void> {
    if (this.#sets.has(epoch)) return;
    let set = [...this.#sets.values()].at(-1) ?? this.#begin();
    if (set.epoch > epoch) set = this.#begin();
    while (set.epoch < epoch) {
      const answer: Answer = await this.#endpoint.request({ method: 'GET', path: () => handOverPath(set.epoch + 1) });
      const next = verifyHandOver(this.#network, set, read(handOverSchema, answer));
      if (!next.ok) throw badProof(answer.url, next.error);
      set = next.value;
      this.#sets.set(set.epoch, set);
      for (const oldest of this.#sets.keys()) if (this.#sets.size > SETS_MAX) this.#sets.delete(oldest);
    }
  }

  /** Begins anew: what a node told was right at the time, and led nowhere. */
  forget(): void {
    this.#begin();
  }
}
