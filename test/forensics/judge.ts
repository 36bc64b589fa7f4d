/** Whether the tool was right about a fork: what it must name, and whom it must never name. */
import { checkReport, reportOf } from '../../src/forensics/report.ts';
import { explainsFork, type Findings, findCulprits } from '../../src/forensics/culprits.ts';
import type { MadeFork } from './fork-maker.ts';

export interface Judged {
  readonly findings: Findings;
  /** What is wrong with them. */
  readonly faults: readonly string[];
}

export function judge({ authority, coalition, height, stores }: MadeFork): Judged {
  const findings = findCulprits(authority, stores);
  const faults: string[] = [];
  for (const { index } of findings.culprits)
    if (!coalition.includes(index)) faults.push(`names validator ${index}, who is honest`);
  if (!explainsFork(findings)) faults.push(`names ${findings.power} of ${findings.total}`);
  if (findings.fork?.height !== height) faults.push(`sees a fork at height ${findings.fork?.height}, not ${height}`);
  const report: unknown = JSON.parse(JSON.stringify(reportOf(authority, findings)));
  const epochs = { of: () => authority, at: () => authority };
  const genesis = { chainId: authority.chainId, consensus: { window: authority.window } as never };
  const checked = checkReport({ genesis, epochs, verify: authority.verify }, report);
  if (!checked.ok) faults.push(`writes a report that does not hold: ${checked.error.message}`);
  return { findings, faults };
}
