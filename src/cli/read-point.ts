/** What all commands share that read the state: after which block, whether that is proved, and what they say of it. */
import { type Command, Option } from 'commander';
import type { StateProofJson } from '../api/state.ts';
import type { Client } from '../client/client.ts';
import type { ReadOptions, Stood } from '../client/state-reads.ts';
import { parseHeight, parseTime } from './arguments.ts';
import { clientOf, type TargetOptions, trustingClientOf, withTarget } from './target.ts';

export interface PointOptions extends TargetOptions {
  readonly height?: number | 'latest';
  readonly time?: Date;
}

export interface ReadPointOptions extends PointOptions {
  readonly proof?: true;
  readonly genesis?: string;
}

/** Adds what says after which block the state is read. */
export const withPoint = (command: Command): Command =>
  withTarget(command)
    .option('--height <height>', 'after the final block of this height, or "latest"', parseHeight)
    .addOption(
      new Option('--time <time>', 'after the last final block not after this time')
        .argParser(parseTime)
        .conflicts('height'),
    );

/** As `withPoint`, for what can be proved. */
export const withReadPoint = (command: Command): Command =>
  withPoint(command)
    .option('--proof', 'asks for a proof and checks it')
    .option('--genesis <file>', "the genesis that a proof is checked by (default: the testnet's)");

/** Throws as `clientOf` and `trustingClientOf`. */
export const readerOf = async (options: ReadPointOptions): Promise<Client> =>
  options.proof === true ? trustingClientOf(options) : clientOf(options);

export const pointOf = ({ height, time, proof }: ReadPointOptions): ReadOptions => ({
  ...(height !== undefined && { height }),
  ...(time && { time }),
  ...(proof && { proof }),
});

/** After which block it is so, and who proved that, for people. */
export function stoodLines({ height, timestampMs, stateRoot, proof }: Stood): readonly string[] {
  const lines = [`height         ${height}`];
  if (timestampMs !== undefined) lines.push(`time           ${new Date(timestampMs).toISOString()}`);
  if (stateRoot !== undefined) lines.push(`state root     ${stateRoot}`);
  if (proof) lines.push(`proved         ${provers(proof)}`);
  return lines;
}

/** Who signed what proves it, for people. */
export const provers = ({ certificate }: StateProofJson): string =>
  `by validators ${certificate.signers.join(', ')} at height ${certificate.height}`;
