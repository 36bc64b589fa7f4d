/** `trefoil pow`: proof of work beside PBFT, over the same ledger. One file for each command. */
import { Command } from 'commander';
import type { Run } from '../output.ts';
import { mineCommand } from './mine.ts';
import { riskCommand } from './risk.ts';
import { selfishCommand } from './selfish.ts';

export function powCommand(run: Run): Command {
  return new Command('pow')
    .description('Proof of work over the same ledger, to compare with: mine for real, fork, reorganise.')
    .addCommand(mineCommand(run))
    .addCommand(riskCommand(run))
    .addCommand(selfishCommand(run));
}
