/** What `trefoil simulate` says at the end: a short story, a verdict for each checker, and how to see it again. */
import type { Outcome } from '../simulator/story/outcome.ts';
import type { Played } from '../simulator/transcripts/play.ts';
import type { Verdict } from '../simulator/search/run.ts';
import { commandOf, type Scenario } from '../simulator/search/scenario.ts';
import { type Answer, type Colours, EXIT } from './output.ts';

/** What is known only when the faults have ended. */
const AFTER_FAULTS: readonly string[] = ['liveness', 'view changes'];

export function seededAnswer(scenario: Scenario, verdict: Verdict, wallMs: number, colours: Colours): Answer {
  const { recoveryMs } = verdict;
  const command = commandOf(scenario);
  return answerOf(verdict, wallMs, colours, {
    command,
    again: `seed ${scenario.seed}, again: ${command}`,
    notReached: recoveryMs === null ? AFTER_FAULTS : [],
    figures: [recoveryMs === null ? 'no recovery' : `recovered in ${(recoveryMs / 1000).toFixed(1)} s`],
  });
}

export function playedAnswer(file: string, played: Played, wallMs: number, colours: Colours): Answer {
  const { failedLine } = played;
  const command = `npx trefoil simulate --scenario ${quoted(file)}`;
  return answerOf(played, wallMs, colours, {
    command,
    again: `${failedLine === null ? 'at the end' : `at line ${failedLine}`}, again: ${command}`,
    notReached: [],
    figures: [],
  });
}

interface Particulars {
  readonly command: string;
  readonly again: string;
  /** Checkers that had nothing to judge. */
  readonly notReached: readonly string[];
  readonly figures: readonly string[];
}

function answerOf(outcome: Outcome, wallMs: number, colours: Colours, particulars: Particulars): Answer {
  const { violations, checkers, story, traceHash, height, transactions, simulatedMs } = outcome;
  const { command, again, notReached, figures } = particulars;
  const failed = new Map(violations.map((violation) => [violation.checker, violation]));
  const judge = (name: string): string => {
    const violation = failed.get(name);
    if (violation !== undefined)
      return `${colours.red('BROKEN')} ${name}: ${violation.message} (at ${(violation.atMs / 1000).toFixed(1)} s)`;
    return notReached.includes(name)
      ? `${colours.dim('   ?  ')} ${name} (not reached)`
      : `${colours.green('holds ')} ${name}`;
  };
  const summary = [
    `${height} blocks`,
    `${transactions} transactions`,
    ...figures,
    `${(simulatedMs / 1000).toFixed(0)} s simulated in ${(wallMs / 1000).toFixed(1)} s`,
    `trace ${traceHash}`,
  ];
  const isBroken = violations.length > 0;
  const lines = [...story, '', ...checkers.map(judge), '', summary.join(' · '), ...(isBroken ? [again] : [])];
  return {
    json: { command, ...outcome, wallMs: Math.round(wallMs) },
    text: lines.join('\n'),
    exitCode: isBroken ? EXIT.violated : EXIT.done,
  };
}

/** As a shell takes it for one word. */
const quoted = (word: string): string => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
