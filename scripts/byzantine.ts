/**
 * Third stop of the tour: a validator that lies, and three that do not believe it.
 *
 *   npm run byzantine [strategy]        equivocate, or another of `npx trefoil simulate --list`
 *
 * Makes a network of its own in .trefoil/byzantine, and removes it at the end.
 */
import { EXIT } from '../src/cli/output.ts';
import { runProgram } from '../src/cli/program.ts';

const FOLDER = ['--dir', '.trefoil/byzantine'];
const LIAR = 3;
const TRANSFERS = 20;

const [strategy = 'equivocate'] = process.argv.slice(2);

/** The commands that you could type after `npx trefoil`. */
async function trefoil(...args: readonly string[]): Promise<void> {
  console.log(`\n$ trefoil ${args.join(' ')}`);
  const exitCode = await runProgram([...args, ...FOLDER], process);
  if (exitCode === EXIT.violated) throw new Error('safety violated: this must never happen with one liar among four');
  if (exitCode !== EXIT.done) throw new Error(`exit code ${exitCode}`);
}

await trefoil('testnet', 'up', '--detach', '--byzantine', `${LIAR}=${strategy}`);
try {
  // With one liar among four the three others are a quorum: more than two thirds.
  for (let i = 0; i < TRANSFERS; i++) {
    await trefoil('tx', 'transfer', '--from', 'alice', '--to', 'bob', '--amount', '1', '--wait', '--timeout', '30s');
  }

  // They agree, and say what they caught. Two different signed votes are proof, which anybody can check; bad signatures
  // and silence are noticed, but prove nothing: anybody can send garbage in another's name, and every wire can break.
  await trefoil('testnet', 'status');
} finally {
  await trefoil('testnet', 'down', '--wipe');
}
