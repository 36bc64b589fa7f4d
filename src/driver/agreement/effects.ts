/** What the core wants done, done: each effect goes to the part whose business it is. */
import type { Height } from '../../base/brand.ts';
import type { Instance } from '../../consensus/replica.ts';
import type { Effect } from '../../consensus/transition.ts';
import { upgradeBefore } from '../../ledger/upgrade.ts';
import type { Bodies } from '../bodies/bodies.ts';
import type { Chain } from '../durability/chain.ts';
import { keepCommits, keepNewView } from '../durability/hearsay.ts';
import type { PromiseKeys } from '../durability/promise-keys.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import type { Clock, Observer } from '../ports.ts';
import type { Batch } from '../stored/batch.ts';
import type { CatchUp } from '../sync/catch-up.ts';
import type { Accusations } from './accusations.ts';
import type { Censorship } from './censorship.ts';

interface EffectsContext {
  readonly clock: Clock;
  readonly batch: Batch;
  readonly observer: Observer;
  readonly roster: Roster;
  readonly outbox: Outbox;
  readonly chain: Chain;
  readonly bodies: Bodies;
  readonly catchUp: CatchUp;
}

export class Effects {
  readonly #context: EffectsContext;
  readonly #promiseKeys: PromiseKeys;
  readonly #accusations: Accusations;
  readonly #censorship: Censorship;

  constructor(context: EffectsContext, promiseKeys: PromiseKeys, accusations: Accusations, censorship: Censorship) {
    this.#context = context;
    this.#promiseKeys = promiseKeys;
    this.#accusations = accusations;
    this.#censorship = censorship;
  }

  /** In the order in which the core gave them: what follows a `persist` leaves after it is durable. */
  carryOut(effects: readonly Effect[], instance: Instance): void {
    for (const effect of effects) this.#carryOut(effect, instance);
  }

  #carryOut(effect: Effect, { epoch, window }: Instance): void {
    const { observer, roster, outbox, bodies, chain, catchUp, clock, batch } = this.#context;
    switch (effect.kind) {
      case 'persist':
        if (effect.record.kind === 'new-view') keepNewView(batch, epoch, effect.record.newView);
        return this.#promiseKeys.keep(epoch, effect.record);
      case 'send':
        return outbox.deliver(effect.to, effect.message, ({ vote }) => bodies.pool.get(vote.height, vote.hash)?.body);
      case 'check-body':
        // By which rules it would be valid nobody here knows.
        if (upgradeBefore(chain.state.epochs, effect.height) !== null) return;
        return bodies.verdicts.ask(effect);
      case 'execute':
        keepCommits(batch, effect.commits);
        return bodies.execute(effect.height, effect.bodyHash);
      case 'certified': {
        const passed = (effect.certificate.height - window) as Height;
        chain.certify(effect.certificate);
        bodies.attention.blockFinal(clock.nowMs());
        bodies.passed(passed);
        return this.#promiseKeys.forget(passed);
      }
      case 'certified-late':
        return chain.keepCertificate(effect.certificate);
      case 'behind':
        return catchUp.behind(effect.height, effect.peer === null ? null : roster.peerOf(effect.peer));
      case 'evidence':
        return this.#accusations.caught(effect.evidence);
      case 'view-change-started':
        return observer.note({ kind: 'view-change-started', view: effect.view, reason: effect.reason });
      case 'view-entered':
        this.#censorship.viewEntered();
        bodies.viewEntered();
        return observer.note({ kind: 'view-entered', view: effect.view, primary: effect.primary });
    }
  }
}
