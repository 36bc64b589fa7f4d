/** Numbers as people read them. */

export function duration(ms: number | null): string {
  if (ms === null) return 'never';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Three digits that say something, and a letter for thousands. */
export function count(value: number | null): string {
  if (value === null) return '–';
  if (value === 0) return '0';
  if (value < 10) return value.toFixed(1);
  if (value < 10_000) return Math.round(value).toLocaleString('en-GB');
  if (value < 1e6) return `${Math.round(value / 1000).toLocaleString('en-GB')} thousand`;
  return `${(value / 1e6).toFixed(1)} million`;
}

export function percent(value: number): string {
  if (value === 0) return '0 %';
  // What is not all is not rounded to all.
  if (value >= 0.9995 && value < 1) return 'over 99.9 %';
  if (value >= 0.1) return `${(value * 100).toFixed(1)} %`;
  return `${(value * 100).toPrecision(2)} %`;
}

export const runsInWords = (runs: number): string => (runs === 1 ? '1 run' : `${runs} runs`);

/** In how many of the runs. */
export function inRuns(some: number, of: number): string {
  if (of === 1) return some === 1 ? 'in this run' : 'not in this run';
  if (some === 0) return `in none of ${of} runs`;
  return some === of ? `in all ${of} runs` : `in ${some} of ${of} runs`;
}

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
