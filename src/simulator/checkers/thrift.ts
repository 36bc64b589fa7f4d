/** Nobody can make an honest node work without end: most of its processor stays free, whatever its peers send. */
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';

/** Over so many milliseconds. */
const SPAN_MS = 5_000;
/** Part of a processor: a quarter is what all peers may waste, and what liars have saved is a second in all; the rest is for
 *  honest work, which is little in a simulation. */
const SHARE_MAX = 0.5;

interface Span {
  readonly life: number;
  readonly sinceMs: number;
  readonly spentUs: number;
}

export function thrift(nowMs: () => number, violate: Violate): Checker {
  const spans = new Map<number, Span>();
  return {
    name: 'thrift',
    heard({ slot, life, processor }: SimulatedNode) {
      const now: Span = { life, sinceMs: nowMs(), spentUs: processor.spentUs };
      const span = spans.get(slot);
      if (span === undefined || span.life !== life) return void spans.set(slot, now);
      const lastedMs = now.sinceMs - span.sinceMs;
      if (lastedMs < SPAN_MS) return;
      spans.set(slot, now);
      const share = (now.spentUs - span.spentUs) / 1000 / lastedMs;
      if (share > SHARE_MAX) violate(`node ${slot} worked for ${Math.round(100 * share)} % of ${lastedMs} ms`);
    },
  };
}
