/** The end of a node whose software is too old for the next block. No bug: all that it did is durable, and newer software goes on from it. */
import { RULES_VERSION } from '../../ledger/upgrade.ts';
import type { Upgrade } from '../../ledger/membership/observer.ts';

export class UpgradeNeeded extends Error {
  readonly code = 'UPGRADE_NEEDED';

  constructor({ version, height }: Upgrade) {
    super(
      `from height ${height} on the chain follows rules of version ${version}; this software knows ${RULES_VERSION}`,
    );
    this.name = 'UpgradeNeeded';
  }
}
