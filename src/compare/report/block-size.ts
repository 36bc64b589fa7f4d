/** How much of what is measured is the choice of how many transfers a block may take. */
import { present } from '../../base/invariant.ts';
import type { BlockSize } from '../compare.ts';
import { BLOCK_MS } from '../pow-network.ts';
import type { ScenarioName } from '../scenario.ts';
import { TITLES } from './facts.ts';
import { duration, escaped, percent, runsInWords } from './words.ts';

const WHERE: Readonly<Partial<Record<ScenarioName, string>>> = {
  calm: 'in calm',
  'partition-half': 'cut in halves and joined again',
};

/** Of proof of work. */
const perSecond = (size: number): string => ((size * 1000) / BLOCK_MS).toFixed(1);

/** A section of the page; nothing where it was not asked for. */
export function blockSizesOf(measured: readonly BlockSize[], command: string): string {
  if (measured.length === 0) return '';
  const sizes = [...new Set(measured.map(({ transfersPerBlock }) => transfersPerBlock))];
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const columns = measured.filter(({ transfersPerBlock }) => transfersPerBlock === least);
  const one = ({ protocol, scenario }: BlockSize, size: number): BlockSize =>
    present(
      measured.find(
        (each) => each.protocol === protocol && each.scenario === scenario && each.transfersPerBlock === size,
      ),
      'a size of each',
    );
  const heads = columns.map(
    ({ protocol, scenario, repetitions }) =>
      `<th scope="col">${TITLES[protocol]}, ${WHERE[scenario] ?? scenario}<small>${runsInWords(repetitions)}</small></th>`,
  );
  const lines = sizes.map(
    (size) =>
      `<tr><th scope="row">${size}</th>${columns.map((column) => `<td>${cell(one(column, size))}</td>`).join('')}</tr>`,
  );
  return `<section>
<h2>How much of this is our choice of blocks</h2>
<p>Throughput in the table is what clients offered, about one transfer a second, and not the most that a protocol could take: nothing
here takes time to compute, so no such number would be true. In proof of work the size of a block is a bound of its own: with
${least} transfers it takes ${perSecond(least)} a second, with ${most} it takes ${perSecond(most)}, whatever the machines. PBFT makes one block after
another without waiting, and Raft has none: each transfer is an entry.</p>
<div class="scroll"><table><thead><tr><th scope="col">transfers in a block, at most</th>${heads.join('')}</tr></thead><tbody>
${lines.join('\n')}
</tbody></table></div>
<p>Final after, half of them · 99 of 100; how many were committed at the end. What larger blocks do not shorten is the wait for six
confirmations, a minute in the mean. Again: <code>${escaped(command)}</code>; all of the comparison with another size: <code>--block-size</code>.</p>
</section>`;
}

const cell = ({ finalityMs: { p50, p99 }, committed, submitted }: BlockSize): string =>
  `${duration(p50)} · ${duration(p99)}; ${percent(submitted === 0 ? 0 : committed / submitted)}`;
