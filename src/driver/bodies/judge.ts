/** What makes a body fit to be prepared here and now, beside its transactions: these are the ledger's to check. */
import type { Epoch, Height, View } from '../../base/brand.ts';
import { type Authority, checkCertificate } from '../../consensus/authenticate.ts';
import { checkEvidence } from '../../consensus/evidence.ts';
import type { Body } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { isRecordable } from '../../ledger/offence.ts';
import { epochOf, primaryOf } from '../../ledger/validators.ts';
import type { Attention } from './attention.ts';
import type { Clock } from '../ports.ts';

interface JudgeContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly authority: (epoch: Epoch) => Authority;
  /** Time of the newest block that was executed. */
  readonly headMs: () => number;
}

export class Judge {
  readonly #context: JudgeContext;
  readonly #attention: Attention;

  constructor(context: JudgeContext, attention: Attention) {
    this.#context = context;
    this.#attention = attention;
  }

  /** Of a body that is proposed for the first time: whether the primary made it, and now. */
  isTimely(body: Body, height: Height, view: View): boolean {
    const { genesis, clock, headMs } = this.#context;
    const { epochLength, clockDriftMs } = genesis.consensus;
    if (body.proposer !== primaryOf(genesis.validators, epochOf(height, epochLength), view)) return false;
    const nowMs = clock.nowMs();
    if (body.timestampMs > nowMs + clockDriftMs) return false;
    return body.timestampMs >= this.#attention.oldestMs(nowMs, headMs());
  }

  /** Whether its certificate and evidence hold. Hundreds of signatures: asked once for each question. */
  isProved(body: Body, height: Height): boolean {
    const { genesis, authority } = this.#context;
    const { epochLength } = genesis.consensus;
    if (body.certificate !== null) {
      if (body.certificate.height >= height) return false;
      if (!checkCertificate(authority(epochOf(body.certificate.height, epochLength)), body.certificate).ok)
        return false;
    }
    const epoch = epochOf(height, epochLength);
    return body.evidence.every((evidence) => {
      const of = evidence.first.vote.epoch;
      return isRecordable(of, epoch) && checkEvidence(authority(of), evidence).ok;
    });
  }
}
