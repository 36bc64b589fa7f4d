/** A terminal that remembers. */
import { runProgram } from '../../src/cli/program.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(
  args: readonly string[],
  options: { isTTY?: boolean; env?: Record<string, string> } = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const isTTY = options.isTTY ?? false;
  const exitCode = await runProgram(args, {
    stdout: { write: (text) => void (stdout += text), isTTY },
    stderr: { write: (text) => void (stderr += text), isTTY },
    env: options.env ?? {},
  });
  return { exitCode, stdout, stderr };
}
