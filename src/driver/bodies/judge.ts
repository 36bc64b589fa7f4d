/** What makes a body fit to be prepared here and now, beside its transactions: these are the ledger's to check. */
import type { Height, View } from '../../base/brand.ts';
import { type Authority, checkCertificate } from '../../consensus/authenticate.ts';
import { checkEvidence } from '../../consensus/evidence.ts';
import type { Body } from '../../ledger/block.ts';
import { type Epochs, type EpochSet, primaryOf } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { isRecordable, offenceOf } from '../../ledger/offence.ts';
import type { Attention } from './attention.ts';
import type { Clock } from '../ports.ts';

interface JudgeContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly epochs: Epochs;
  readonly authority: (epoch: EpochSet) => Authority;
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
    const { genesis, clock, epochs, headMs } = this.#context;
    const { clockDriftMs } = genesis.consensus;
    const epoch = epochs.at(height);
    if (epoch === undefined || body.proposer !== primaryOf(epoch, view)) return false;
    const nowMs = clock.nowMs();
    if (body.timestampMs > nowMs + clockDriftMs) return false;
    return body.timestampMs >= this.#attention.oldestMs(nowMs, headMs());
  }

  /** Whether its certificate and evidence hold, each by the set of its own epoch. Hundreds of signatures: asked once for each question. */
  isProved(body: Body, height: Height): boolean {
    const { epochs, authority } = this.#context;
    const epoch = epochs.at(height);
    if (epoch === undefined) return false;
    if (body.certificate !== null) {
      if (body.certificate.height >= height) return false;
      const certified = epochs.at(body.certificate.height);
      if (certified === undefined || !checkCertificate(authority(certified), body.certificate).ok) return false;
    }
    return body.evidence.every((evidence) => {
      const of = epochs.of(offenceOf(evidence).epoch);
      if (of === undefined || !isRecordable(of.epoch, epoch)) return false;
      return checkEvidence(authority(of), evidence).ok;
    });
  }
}
