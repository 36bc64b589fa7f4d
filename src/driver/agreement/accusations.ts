/**
 * Proofs that validators lied, from when they are found until the chain has recorded them (A1 to A3). The chain records
 * an offender once in an epoch, so one proof for each offender and epoch is kept, as long as the chain still takes it.
 * Who finds a proof tells everybody. Who holds one tells each new primary: an honest primary puts it into its next
 * body, and a primary that leaves it out is left.
 */
import type { Epoch, ValidatorIndex } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { ok, type Result } from '../../base/result.ts';
import type { Authority } from '../../consensus/authenticate.ts';
import { checkEvidence } from '../../consensus/evidence.ts';
import { mark } from '../../consensus/marks.ts';
import type { EpochSet, KnownEpoch } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { BODY_EVIDENCE_MAX } from '../../ledger/limits.ts';
import { isRecordable, type Offence, offenceKey, offenceOf, placeKey } from '../../ledger/offence.ts';
import type { LedgerState } from '../../ledger/state/ledger-state.ts';
import { type Evidence, evidenceCodec } from '../../ledger/evidence.ts';
import type { BodyPool } from '../bodies/body-pool.ts';
import type { Batch } from '../stored/batch.ts';
import type { RecordedOffences } from '../durability/recorded-offences.ts';
import type { Clock, Observer } from '../ports.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import { KEYS } from '../stored/records.ts';

interface AccusationsContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly batch: Batch;
  readonly roster: Pick<Roster, 'self' | 'peerOf' | 'isConnected'>;
  readonly outbox: Pick<Outbox, 'broadcast' | 'sendTo' | 'ask'>;
  readonly pool: Pick<BodyPool, 'live'>;
  readonly chain: {
    readonly state: Pick<LedgerState, 'epochs'>;
    readonly offences: Pick<RecordedOffences, 'has' | 'enter'>;
  };
  readonly recovered: { readonly evidence: readonly Evidence[] };
}

const keyOf = (evidence: Evidence): string => offenceKey(offenceOf(evidence));

export class Accusations {
  readonly #context: AccusationsContext;
  readonly #timeoutMs: number;
  /** What the chain has not recorded, by offence, and since when it is here. */
  readonly #open = new Map<string, { readonly evidence: Evidence; readonly sinceMs: number }>();
  /** What the chain has recorded, to be shown to people: the newest against each validator. */
  readonly #recorded = new Map<ValidatorIndex, Evidence>();
  /** When the primary was first told of what is open. */
  readonly #told = new Map<string, number>();
  /** Found in this turn. */
  #found: Evidence[] = [];
  /** Who was told last, by epoch and view. */
  #term = '';
  #turn = 0;

  constructor(context: AccusationsContext) {
    const { consensus } = context.genesis;
    this.#context = context;
    this.#timeoutMs = consensus.baseTimeoutTicks * consensus.tickMs;
    const sinceMs = context.clock.nowMs();
    for (const evidence of context.recovered.evidence) {
      const key = keyOf(evidence);
      if (context.chain.offences.has(key)) this.#show(evidence);
      else if (this.#open.has(key)) this.#remove(evidence);
      else this.#open.set(key, { evidence, sinceMs });
    }
  }

  /** All that is held. */
  *[Symbol.iterator](): Generator<Evidence> {
    yield* this.#recorded.values();
    for (const { evidence } of this.#open.values()) yield evidence;
  }

  get size(): number {
    return this.#recorded.size + this.#open.size;
  }

  /** The core caught somebody. */
  caught(evidence: Evidence): void {
    if (this.#keep(evidence)) this.#found.push(evidence);
  }

  /** A peer passed proofs on. It may pass on what we know, what is recorded, what is too old, and what is of an epoch
   *  that we have not reached. It may not pass on a proof that proves nothing: nobody honest keeps one. Errors: those
   *  of `checkEvidence`. */
  told(pieces: readonly Evidence[], epoch: Epoch, authorityOf: (epoch: EpochSet) => Authority): Result<true> {
    const at = this.#knownEpoch(epoch);
    for (const evidence of pieces) {
      const of = offenceOf(evidence).epoch;
      if (!isRecordable(of, at) || this.#isKnown(evidence)) continue;
      const known = this.#context.chain.state.epochs.of(of);
      if (known === undefined) continue;
      const checked = checkEvidence(authorityOf(known), evidence);
      if (!checked.ok) return checked;
      this.#keep(evidence);
    }
    return ok(true);
  }

  #knownEpoch(epoch: Epoch): KnownEpoch {
    return present(this.#context.chain.state.epochs.of(epoch), 'the epoch that runs');
  }

  /** A block recorded these. */
  recorded(offences: readonly Offence[]): void {
    for (const offence of offences) {
      const key = offenceKey(offence);
      const held = this.#open.get(key);
      if (held === undefined) continue;
      this.#open.delete(key);
      this.#told.delete(key);
      this.#show(held.evidence);
    }
  }

  /** An epoch begins: forgets what no block of it may hold any more. */
  enter(epoch: Epoch): void {
    this.#context.chain.offences.enter(epoch);
    const at = this.#knownEpoch(epoch);
    for (const [key, { evidence }] of this.#open) {
      if (isRecordable(offenceOf(evidence).epoch, at)) continue;
      this.#open.delete(key);
      this.#told.delete(key);
      this.#remove(evidence);
    }
  }

  /** Proofs for the next body: those that no body in flight carries. Offenders take turns, so that one who lied in many
   *  epochs does not keep out the others; of each, the oldest comes first, as the chain stops taking it first. */
  choose(): readonly Evidence[] {
    if (this.#open.size === 0) return [];
    const carried = this.#carried();
    const lanes = new Map<ValidatorIndex, Evidence[]>();
    for (const [key, { evidence }] of this.#open) {
      if (carried.has(key)) continue;
      const { validator } = offenceOf(evidence);
      const lane = lanes.get(validator);
      if (lane === undefined) lanes.set(validator, [evidence]);
      else lane.push(evidence);
    }
    for (const lane of lanes.values()) lane.sort((a, b) => offenceOf(a).epoch - offenceOf(b).epoch);
    const chosen: Evidence[] = [];
    for (let turn = 0, before = -1; chosen.length < BODY_EVIDENCE_MAX && chosen.length > before; turn++) {
      before = chosen.length;
      for (const lane of lanes.values()) chosen.push(...lane.slice(turn, turn + 1));
    }
    if (chosen.length > 0) mark('A2');
    return chosen.slice(0, BODY_EVIDENCE_MAX);
  }

  /** Ends a turn: tells everybody what was found in it, and a new primary all that the chain does not have yet. `term`:
   *  the epoch and view of the primary. */
  flush(term: string, primary: ValidatorIndex): void {
    const found = this.#found.filter((evidence) => this.#open.has(keyOf(evidence)));
    this.#found = [];
    if (term !== this.#term) {
      this.#term = term;
      this.#told.clear();
      this.#tell(primary, this.choose());
    }
    for (let i = 0; i < found.length; i += BODY_EVIDENCE_MAX) {
      const evidence = found.slice(i, i + BODY_EVIDENCE_MAX);
      this.#context.outbox.broadcast({ kind: 'evidence', evidence });
      this.#noteTold(primary, evidence);
    }
  }

  /** Messages get lost: what still waits goes to the primary again, and to one peer after another. Call it every half base
   *  timeout. */
  again(primary: ValidatorIndex): void {
    const beforeMs = this.#context.clock.nowMs() - this.#timeoutMs / 4;
    const evidence = this.choose().filter((each) => (this.#open.get(keyOf(each))?.sinceMs ?? beforeMs) < beforeMs);
    if (evidence.length === 0) return;
    this.#tell(primary, evidence);
    this.#context.outbox.ask({ kind: 'evidence', evidence }, this.#turn++);
  }

  /** Whether the primary was told of a proof that no body in flight carries: it owes a body for it. */
  get demand(): boolean {
    if (this.#told.size === 0) return false;
    const carried = this.#carried();
    for (const key of this.#told.keys()) if (this.#open.has(key) && !carried.has(key)) return true;
    return false;
  }

  /** Whether the primary left out a proof: the body had room for it, the primary was first told of it more than two
   *  base timeouts ago in this view, and no body in flight carries it (A3). */
  overlooked(recordedNow: number, viewSinceMs: number): boolean {
    if (recordedNow >= BODY_EVIDENCE_MAX || this.#told.size === 0) return false;
    const nowMs = this.#context.clock.nowMs();
    const carried = this.#carried();
    for (const [key, toldMs] of this.#told) {
      if (!this.#open.has(key) || carried.has(key)) continue;
      if (nowMs - Math.max(toldMs, viewSinceMs) <= 2 * this.#timeoutMs) continue;
      mark('A3');
      return true;
    }
    return false;
  }

  #tell(primary: ValidatorIndex, evidence: readonly Evidence[]): void {
    if (evidence.length === 0 || primary === this.#context.roster.self) return;
    this.#context.outbox.sendTo(this.#context.roster.peerOf(primary), { kind: 'evidence', evidence });
    this.#noteTold(primary, evidence);
  }

  #noteTold(primary: ValidatorIndex, evidence: readonly Evidence[]): void {
    const { roster, clock } = this.#context;
    if (primary === roster.self || !roster.isConnected(roster.peerOf(primary))) return;
    const nowMs = clock.nowMs();
    for (const key of evidence.map(keyOf)) if (!this.#told.has(key)) this.#told.set(key, nowMs);
  }

  /** Whether it says nothing new. Until the chain has it, equivocation takes the place of amnesia of the same epoch: who
   *  equivocates often hides it too, and could else choose for which of the two it pays. */
  #isKnown(evidence: Evidence): boolean {
    const key = keyOf(evidence);
    const held = this.#open.get(key)?.evidence;
    const isGraver = held?.kind === 'amnesia' && evidence.kind === 'equivocation';
    return (held !== undefined && !isGraver) || this.#context.chain.offences.has(key);
  }

  /** False when it says nothing new. */
  #keep(evidence: Evidence): boolean {
    const { batch, observer, clock } = this.#context;
    const key = keyOf(evidence);
    if (this.#isKnown(evidence)) return false;
    mark('A1');
    const lighter = this.#open.get(key);
    if (lighter !== undefined) this.#remove(lighter.evidence);
    this.#open.set(key, { evidence, sinceMs: clock.nowMs() });
    batch.put(KEYS.evidence(placeKey(offenceOf(evidence))), evidenceCodec.encode(evidence));
    observer.offence(evidence);
    return true;
  }

  #show(evidence: Evidence): void {
    const { validator, epoch } = offenceOf(evidence);
    const shown = this.#recorded.get(validator);
    const isNewer = shown === undefined || offenceOf(shown).epoch < epoch;
    if (shown !== undefined) this.#remove(isNewer ? shown : evidence);
    if (isNewer) this.#recorded.set(validator, evidence);
  }

  #remove(evidence: Evidence): void {
    this.#context.batch.delete(KEYS.evidence(placeKey(offenceOf(evidence))));
  }

  /** What bodies in flight carry: it will be recorded, or these bodies are given up with their view, and it is told
   *  again. */
  #carried(): ReadonlySet<string> {
    const carried = new Set<string>();
    for (const { evidence } of this.#context.pool.live()) for (const each of evidence) carried.add(keyOf(each));
    return carried;
  }
}
