/** `trefoil block`. */
import { Command } from 'commander';
import type { BlockJson } from '../api/block.ts';
import { parseHeight } from './arguments.ts';
import type { Answer, Run } from './output.ts';
import { clientOf, type TargetOptions, withTarget } from './target.ts';

/** Transactions listed for people; --json has all. */
const SHOWN_MAX = 20;
/** Header's `proposer` of an empty block that a view change put into a gap. */
const NOBODY = 0xffff;

export function blockCommand(run: Run): Command {
  return new Command('block').description('Look at blocks.').addCommand(
    withTarget(new Command('show'))
      .description('A final block: its header, who signed it, and what its transactions did.')
      .argument('<height>', 'a height, or "latest"', parseHeight)
      .addHelpText('after', '\nExamples:\n  trefoil block show latest\n  trefoil block show 7 --json')
      .action((height: number | 'latest', options: TargetOptions) => run(() => show(height, options))),
  );
}

async function show(height: number | 'latest', options: TargetOptions): Promise<Answer> {
  const block = await clientOf(options).block(height);
  return { json: block, text: describe(block) };
}

function describe({ height, hash, header, certificate, transactions, skipped, offences }: BlockJson): string {
  const signers =
    certificate === null ? "by a later block's certificate" : `signed by validators ${certificate.signers.join(', ')}`;
  const proposer = header.proposer === NOBODY ? 'nobody (filled by a view change)' : `validator ${header.proposer}`;
  const lines = [
    `height        ${height} (epoch ${header.epoch})`,
    `hash          ${hash}`,
    `parent        ${header.parentHash}`,
    `state root    ${header.stateRoot}`,
    `time          ${new Date(header.timestampMs).toISOString()}`,
    `proposed by   ${proposer}`,
    `final         ${signers}`,
    `transactions  ${transactions.length} executed, ${skipped.length} skipped`,
    ...transactions.slice(0, SHOWN_MAX).map(({ id, code }) => `  ${id}  ${code}`),
  ];
  if (transactions.length > SHOWN_MAX) lines.push(`  … and ${transactions.length - SHOWN_MAX} more, see --json`);
  for (const { validator, kind } of offences)
    lines.push(`offence       validator ${validator}: ${kind === 'amnesia' ? 'amnesia' : `${kind} equivocation`}`);
  return lines.join('\n');
}
