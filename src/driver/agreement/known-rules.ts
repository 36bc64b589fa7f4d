/** What becomes of a node whose software is too old for rules that the chain decided on: it says so ahead of time, and ends before them. */
import type { Height } from '../../base/brand.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';
import type { Upgrade } from '../../ledger/membership/observer.ts';
import { RULES_VERSION, unknownUpgrade, upgradeBefore } from '../../ledger/upgrade.ts';
import type { Chain } from '../durability/chain.ts';
import type { Observer } from '../ports.ts';
import type { Batch } from '../stored/batch.ts';

/** No bug: all that the node did is durable, and newer software goes on from it. */
class UpgradeNeeded extends Error {
  readonly code = 'UPGRADE_NEEDED';

  constructor({ version, height }: Upgrade) {
    super(
      `from height ${height} on the chain follows rules of version ${version}; this software knows ${RULES_VERSION}`,
    );
    this.name = 'UpgradeNeeded';
  }
}

interface KnownRulesContext {
  readonly observer: Observer;
  readonly chain: Chain;
  readonly batch: Batch;
}

export class KnownRules {
  readonly #context: KnownRulesContext;

  constructor(context: KnownRulesContext) {
    this.#context = context;
  }

  /** An epoch begins. */
  tell(epoch: KnownEpoch): void {
    const upgrade = unknownUpgrade(epoch);
    if (upgrade !== null) this.#context.observer.note({ kind: 'upgrade-needed', ...upgrade });
  }

  /** Ends the node, after this turn, when the last block that it has the rules for is final. */
  endWhereOutdated(): void {
    const { chain, batch } = this.#context;
    const upgrade = upgradeBefore(chain.state.epochs, (chain.executedHeight + 1) as Height);
    if (upgrade === null || chain.finalHeight < chain.executedHeight) return;
    batch.after(() => {
      throw new UpgradeNeeded(upgrade);
    });
  }
}
