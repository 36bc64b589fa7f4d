/** The ledger of the protocols that the simulator does not run: the same accounts, on a chain of equal members. */
import { invariant } from '../base/invariant.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { type SimulatedAccount, simulatedKeys } from '../simulator/world/keys.ts';
import { standIn } from '../simulator/world/stand-in.ts';
import { NODES } from './scenario.ts';

export function comparedLedger(transfersPerBlock: number): {
  readonly genesis: Genesis;
  readonly accounts: readonly SimulatedAccount[];
} {
  const powers = Array.from({ length: NODES }, () => 1n);
  const keys = simulatedKeys(standIn, powers, {}, { transfersPerBlock });
  invariant(keys.ok, 'the genesis is valid');
  const { genesis, accounts } = keys.value;
  // The last one is not for clients that pay.
  return { genesis, accounts: accounts.slice(0, -1) };
}
