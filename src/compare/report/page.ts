/** The comparison as one page that needs nothing else: a table, pictures, and a guide. */
import { present } from '../../base/invariant.ts';
import type { Comparison } from '../compare.ts';
import type { DoubleSpend } from '../double-spend.ts';
import { PROTOCOLS } from '../protocol.ts';
import { finalityChart, partitionChart, riskChart, treeChart } from './charts.ts';
import { blockSizesOf } from './block-size.ts';
import { type Cell, commandOf, type Row, rowsOf, runOf, runsThat, TITLES } from './facts.ts';
import { guideOf } from './guide.ts';
import { STYLE } from './style.ts';
import { count, duration, escaped, percent, runsInWords } from './words.ts';

/** A picture, what to see in it, and how to see it again. */
interface Figure {
  readonly title: string;
  readonly see: string;
  readonly command: string;
  readonly body: string;
}

/** HTML. `comparison`: with all its parts. */
export function pageOf(comparison: Comparison): string {
  const figures = figuresOf(comparison);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>PBFT, proof of work and Raft, side by side</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>PBFT, proof of work and Raft, side by side</h1>
<p>The same transactions, ledger, distances and faults, four nodes, through each protocol, in virtual time. All times are milliseconds
of the simulated world; proof of work finds a block each 10 s, sixty times as often as Bitcoin, so its times are a sixtieth of
Bitcoin's. Final means: executed and certified in PBFT, committed in Raft, six confirmations in proof of work. A block takes
${comparison.transfersPerBlock} transfers at most (what that decides is measured below), and a node of proof of work hashes a million times a
second, which is what one core does.</p>
<p>${escaped(runsSentence(comparison))} Times until final are those of the transactions of all runs; what was committed, forked or taken back is a
sum, what lasted or went deep the most of any run. In brackets: from the least to the most of single runs.</p>
<p>In PBFT by stake the powers are 34, 22, 22 and 22: the first has more than a third, so that the others are no quorum without it, and
it can stop them by falling silent, by crashing, or by lying. Where two of four lie, PBFT is split at its first block, and nothing
that is asked for becomes final.</p>
<p>Again, with the same numbers: ${command(commandOf(comparison))}</p>
</header>
<main>
${tableOf(comparison, rowsOf(comparison))}
${confirmationsOf(comparison)}
${figures.map(figureOf).join('\n')}
${blockSizesOf(comparison.blockSizes, commandOf(comparison, 'block-size'))}
${comparison.doubleSpend === null ? '' : theftOf(comparison.doubleSpend, commandOf(comparison, 'double-spend'))}
${theoremsOf(comparison)}
${guide(comparison)}
</main>
</body>
</html>
`;
}

const command = (text: string): string => `<code>${escaped(text)}</code>`;

const cellOf = ({ text, mood }: Cell): string => `<td class="${mood}">${escaped(text)}</td>`;

/** How much stands behind the numbers, and why not the same for all. */
function runsSentence(comparison: Comparison): string {
  const counts = PROTOCOLS.map((protocol) => {
    const { repetitions } = runOf(comparison, 'calm', protocol);
    return `${runsInWords(repetitions)} of ${TITLES[protocol].replace('Proof', 'proof')}`;
  });
  const why =
    comparison.runs === null
      ? 'Proof of work is chance itself, and Raft draws its election timeouts; of PBFT only wires and clients are left to chance.'
      : 'As many were asked for.';
  return `Behind each number stand ${counts.slice(0, -1).join(', ')} and ${counts.at(-1)}, each with a seed of its own. ${why}`;
}

function tableOf(comparison: Comparison, rows: readonly Row[]): string {
  const heads = PROTOCOLS.map((protocol) => {
    const { repetitions } = runOf(comparison, 'calm', protocol);
    return `<th scope="col" class="${protocol}">${TITLES[protocol]}<small>${runsInWords(repetitions)}</small></th>`;
  }).join('');
  const lines = rows.map(
    ({ name, about, cells }) =>
      `<tr><th scope="row">${escaped(name)}<small>${escaped(about)}</small></th>${cells.map(cellOf).join('')}</tr>`,
  );
  return `<section>
<h2>What each gives, and what it costs</h2>
<p>Green: what was promised was kept. Red: something that was shown as final was not, or may not be. Each row by itself:
${command(commandOf(comparison, 'calm'))}, or ${[...new Set(rows.map(({ part }) => part))]
    .filter((part) => part !== 'calm')
    .map((part) => command(part))
    .join(', ')}.</p>
<div class="scroll"><table><thead><tr><td></td>${heads}</tr></thead><tbody>
${lines.join('\n')}
</tbody></table></div>
</section>`;
}

/** What one waits for in proof of work, and what is left of the risk. */
function confirmationsOf(comparison: Comparison): string {
  const lines = (runOf(comparison, 'calm', 'pow').confirmations ?? []).map(
    ({ confirmations, risk, finalityMs }, at) => {
      const half = runOf(comparison, 'partition-half', 'pow').confirmations?.[at];
      const waits = `${duration(finalityMs.p50)} · ${duration(finalityMs.p99)}`;
      return `<tr><th scope="row">${confirmations}</th><td>${waits}</td><td>${percent(risk)}</td><td>${half?.reversedAfterFinal ?? 0}</td></tr>`;
    },
  );
  return `<section>
<h2>Proof of work: how many confirmations</h2>
<div class="scroll"><table><thead><tr><th scope="col">confirmations</th><th scope="col">final after, in one room</th>
<th scope="col">taken back by a quarter of the hash power</th><th scope="col">taken back after two halves were joined, of ${runOf(comparison, 'partition-half', 'pow').submitted} in ${runsInWords(runOf(comparison, 'partition-half', 'pow').repetitions)}</th></tr></thead><tbody>
${lines.join('\n')}
</tbody></table></div>
</section>`;
}

function figuresOf(comparison: Comparison): readonly Figure[] {
  const { scenarios, risk } = comparison;
  const runs = (name: string) => present(scenarios.find((each) => each.name === name)?.runs, name);
  const half = runOf(comparison, 'partition-half', 'pow');
  const only = (part: string): string => commandOf(comparison, part);
  const [first] = half.each;
  const which = half.repetitions === 1 ? '' : ` This is the first run of ${half.repetitions}.`;
  const blocks = present(half.blocks, 'blocks of proof of work');
  const riskAfterSix = (of: number): number =>
    present(risk.find(({ share }) => share === of)?.exact[5], 'the risk after six confirmations');
  return [
    {
      title: 'How long until final, on three continents',
      see: `PBFT and Raft take a few times the way of a message. Proof of work takes ${duration(
        runOf(comparison, 'regions', 'pow').finalityMs.p50,
      )} in the middle, whatever the distance: it waits for luck, not for messages.`,
      command: only('regions'),
      body: finalityChart(runs('regions')),
    },
    {
      title: 'A network cut in halves, and joined again',
      see: `A thick line is a node of one half, a thin one a node of the other. PBFT and Raft stand still on both sides, and go on when
the halves are joined. Proof of work goes on in both: until the shorter history falls, here with ${first?.reversedAfterFinal ?? 0} transactions
that had been shown as final. Of each protocol its first run is shown.`,
      command: only('partition-half'),
      body: partitionChart(runs('partition-half')),
    },
    {
      title: 'The two histories of proof of work',
      see: `Each box is a block, with the number of the node that found it. The filled ones won; the others were undone, when the halves
were joined above all, at most ${first?.deepestReorganisation ?? 0} at once.${which}`,
      command: only('partition-half'),
      body: blocks.some(({ best }) => !best) ? treeChart(blocks) : '<p>There was no fork in this run.</p>',
    },
    {
      title: 'How sure a payment is after so many confirmations',
      see: `Lines: the exact chance, and Nakamoto's approximation, which is too low where the risk is small. Circles: races that were
played on the fork choice that nodes use. With a tenth of the hash power six confirmations leave
${percent(riskAfterSix(0.1))}; with 0.4 of it, ${percent(riskAfterSix(0.4))}.`,
      command: 'npx trefoil pow risk --share 0.1 --confirmations 6 --trials 1000000',
      body: riskChart(risk),
    },
  ];
}

const figureOf = ({ title, see, command: again, body }: Figure): string => `<section>
<h2>${escaped(title)}</h2>
<figure aria-label="${escaped(`${title}. ${see}`)}">
<div class="scroll">${body}</div>
<figcaption>${escaped(see)} Again: ${command(again)}</figcaption>
</figure>
</section>`;

function theftOf({ share, confirmations, pow, chance, tries, successes, pbft }: DoubleSpend, again: string): string {
  const story =
    pow.takenBackMs === null
      ? `With this seed the thief gave up.`
      : `The merchant saw the payment confirmed after ${duration(pow.deliveredMs)} and delivered. At ${duration(pow.takenBackMs)} the thief
showed a branch with more work: ${pow.depth} ${pow.depth === 1 ? 'block was' : 'blocks were'} undone, and the merchant has
${pow.merchantHas} of 100.`;
  return `<section>
<h2>The same money, spent twice</h2>
<div class="two">
<div class="bad"><h3>Proof of work, ${confirmations} confirmation${confirmations === 1 ? '' : 's'}</h3>
<p>A thief has ${percent(share)} of the hash power. ${story}</p>
<p>Of ${tries} tries ${successes} succeeded; the exact chance is ${percent(chance)}.</p></div>
<div class="${pbft.disagreed || pbft.most > 1 ? 'bad' : 'good'}"><h3>PBFT, one liar of four</h3>
<p>The lying validator leads, and tells each half another body, with another of the two payments. Honest nodes showed
${pbft.most} of the two as final, and ${pbft.disagreed ? 'disagreed' : 'never disagreed'}; ${pbft.provers} of them can prove the lie with
two signatures.</p></div>
</div>
<p>Again: ${command(again)}</p>
</section>`;
}

/** What everybody hears of, each with the scenario in which one can watch it. */
function theoremsOf(comparison: Comparison): string {
  const run = (part: 'crash' | 'partition-minority' | 'partition-half', protocol: 'pbft' | 'pow' | 'raft') =>
    runOf(comparison, part, protocol);
  const cutOff = (protocol: 'pbft' | 'pow' | 'raft'): string =>
    duration(run('partition-minority', protocol).unavailableMsOf.find(({ node }) => node === 0)?.ms ?? null);
  const half = run('partition-half', 'pow');
  const list: readonly (readonly [string, string])[] = [
    [
      'FLP (crash)',
      `No deterministic protocol without a clock both agrees and always ends if one node may crash. Each gave up something: PBFT and Raft
use timeouts, and stood still for at most ${duration(run('crash', 'pbft').unavailableMs)} and ${duration(run('crash', 'raft').unavailableMs)} until
they had another leader, and clients had asked again; proof of work never ends, it only grows more certain.`,
    ],
    [
      'CAP (partition-minority)',
      `While messages are lost a node is available or consistent, not both. The node that was cut off gave up being available in PBFT
(${cutOff('pbft')} without anything final) and Raft (${cutOff('raft')}). In proof of work it went on
alone, and gave up being right: of ${run('partition-minority', 'pow').submitted} transactions
${run('partition-minority', 'pow').confirmations?.[0]?.reversedAfterFinal ?? 0} were taken back that had one confirmation.`,
    ],
    [
      'Split brain (partition-half)',
      `Two halves that both go on. PBFT and Raft have a quorum on neither side, and waited for at most
${duration(run('partition-half', 'pbft').unavailableMs)} and ${duration(run('partition-half', 'raft').unavailableMs)}. Proof of work had two
histories: nodes undid up to ${half.deepestReorganisation} blocks at once, and took back what they had shown as final
${runsThat(half, ({ reversedAfterFinal }) => reversedAfterFinal > 0)}.`,
    ],
  ];
  return `<section><h2>FLP, CAP and split brain</h2><dl>
${list.map(([name, text]) => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`).join('\n')}
</dl></section>`;
}

function guide(comparison: Comparison): string {
  const items = guideOf(comparison).map(
    ({ when, choose, because }) =>
      `<dt>${escaped(when)}: <strong>${escaped(choose)}</strong></dt><dd>${escaped(because)}</dd>`,
  );
  const calm = runOf(comparison, 'calm', 'pbft');
  return `<section><h2>Which one, then</h2><dl>
${items.join('\n')}
</dl>
<p>Messages and signatures of PBFT were counted on ${count(calm.submitted)} transactions, about one a second. Under load PBFT and Raft put many
into one body, and each costs less.</p></section>`;
}
