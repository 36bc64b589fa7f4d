/**
 * First stop of the tour: a network of four validators on this machine.
 *
 *   npm run testnet                              the same as `npx trefoil testnet up`
 *   npm run testnet -- --byzantine 3=equivocate  options are passed on
 *
 * Next: scripts/submit.ts, in another terminal, while this runs.
 */
import { runProgram } from '../src/cli/program.ts';

// Each validator becomes a process of its own, with its ledger in .trefoil/testnet/node-N. The command returns after
// Ctrl+C; what it does is in src/cli/testnet: up.ts makes or resumes the network, watch.ts looks after it.
process.exitCode = await runProgram(['testnet', 'up', ...process.argv.slice(2)], process);
