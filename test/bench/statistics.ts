/** What a list of measurements says. */

export interface Latency {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How many were measured. */
  readonly count: number;
}

export const latencyOf = (milliseconds: readonly number[]): Latency => ({
  p50: quantile(milliseconds, 0.5),
  p99: quantile(milliseconds, 0.99),
  count: milliseconds.length,
});

/** The smallest value that at least this part of the values does not exceed (nearest rank); NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
