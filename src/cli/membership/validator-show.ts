/** What `trefoil validator list` and `show` say. */
import type { ListedTold, ValidatorTold } from '../../client/membership-values.ts';
import type { Answer, Output } from '../output.ts';
import { type ReadPointOptions, pointOf, readerOf, stoodLines } from '../read-point.ts';
import { table } from '../table.ts';
import { clientOf, type TargetOptions } from '../target.ts';
import { writeWhole } from '../testnet/layout.ts';

export async function listValidators(options: TargetOptions, { colours }: Output): Promise<Answer> {
  const told = await clientOf(options).membership.validators();
  const rows = told.validators.map(({ index, name, status, stake, power, kept, offences, since, account }) => [
    String(index),
    name,
    kept ? `${status} (kept)` : status,
    String(stake),
    String(power),
    String(offences),
    String(since),
    account,
  ]);
  const heads = ['', 'name', 'status', 'stake', 'power', 'offences', 'since', 'account'];
  const lines = [table(heads, rows, colours), `epoch ${told.epoch}, after block ${told.height}`];
  const kept = told.validators.filter((each) => each.kept);
  if (kept.length > 0) lines.push(colours.yellow(keptText(kept)));
  return { json: told, text: lines.join('\n') };
}

const keptText = (kept: readonly ListedTold[]): string =>
  `ALARM: ${kept.map(({ index }) => index).join(', ')} would have left, and too few would be left without: admit others.`;

export interface ShowOptions extends ReadPointOptions {
  readonly evidence?: string;
}

export async function showValidator(index: number, options: ShowOptions): Promise<Answer> {
  const client = await readerOf(options);
  if (options.evidence !== undefined)
    writeWhole(options.evidence, `${JSON.stringify(await client.membership.evidence(index), null, 2)}\n`);
  const told = await client.membership.validator(index, pointOf(options));
  return { json: told, text: describe(told) };
}

function describe(told: ValidatorTold): string {
  const { index, name, status, since, stake, power, account, publicKey, peerId, unbonding, slashed, offences } = told;
  const out = unbonding.map(({ amount, epoch }) => `${amount} since epoch ${epoch}`).join(', ');
  return [
    `validator      ${index} (${name})`,
    `status         ${status} since height ${since}`,
    `               ${told.explanation}`,
    `stake          ${stake}${out === '' ? '' : `; on its way out: ${out}`}`,
    `power          ${power} in epoch ${told.epoch}`,
    `account        ${account}`,
    `public key     ${publicKey}`,
    `peer id        ${peerId}`,
    `slashed        ${slashed}`,
    `offences       ${offences}${told.evidence.length === 0 ? '' : `; the node holds the proof of ${told.evidence.length} (--evidence FILE)`}`,
    ...stoodLines(told),
  ].join('\n');
}
