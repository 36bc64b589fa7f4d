/** Which protocol for which members: short, and each claim with the number that it stands on. */
import type { Comparison } from '../compare.ts';
import { runOf, runsThat } from './facts.ts';
import { count, duration, percent } from './words.ts';

export interface Advice {
  /** What the reader has. */
  readonly when: string;
  readonly choose: string;
  /** Why, in numbers of this very comparison. */
  readonly because: string;
}

export function guideOf(comparison: Comparison): readonly Advice[] {
  const [pbft, pow, raft] = (['pbft', 'pow', 'raft'] as const).map((protocol) => runOf(comparison, 'calm', protocol));
  const p50 = (run: typeof pbft): string => duration(run?.finalityMs.p50 ?? null);
  const lying = (protocol: 'pbft' | 'raft' | 'pow') => runOf(comparison, 'one-liar', protocol);
  const half = runOf(comparison, 'partition-half', 'pow');
  const differed = (protocol: 'pbft' | 'raft'): string => runsThat(lying(protocol), ({ disagreed }) => disagreed);
  const risk = pow?.confirmations?.at(-1);
  return [
    {
      when: 'All machines are yours, and none of them is ever taken over',
      choose: 'Raft',
      because:
        `A transaction is final after ${p50(raft)}, with ${count(raft?.signaturesPerTransaction ?? null)} signatures and ` +
        `${count(raft?.bytesPerTransaction ?? null)} bytes. But one server that lies is enough: with one of four, honest servers ` +
        `held different things final ${differed('raft')}.`,
    },
    {
      when: 'The members are known, and do not trust one another',
      choose: 'PBFT',
      because:
        `Final after ${p50(pbft)}, and for ever as long as less than a third lies: with one liar of four honest nodes ` +
        `${lying('pbft').disagreed ? `DISAGREED ${differed('pbft')}` : 'agreed'}, and commits stood still for ${duration(lying('pbft').unavailableMs)} ` +
        `at most. The price: ${count(pbft?.messagesPerTransaction ?? null)} messages and ` +
        `${count(pbft?.signaturesPerTransaction ?? null)} signatures for each transaction, which grow with the members; and without ` +
        `more than two thirds of them nothing goes on (${duration(runOf(comparison, 'partition-half', 'pbft').unavailableMs)} while ` +
        `the network was cut in halves).`,
    },
    {
      when: 'Nobody knows who takes part, and anybody may',
      choose: 'Proof of work',
      because:
        `It asks nobody for a name, and goes on in every part of a network that is cut. The price: ` +
        `${count(pow?.hashesPerTransaction ?? null)} hashes for each transaction, ${p50(pow)} until ${risk?.confirmations ?? 6} ` +
        `confirmations, and even then a chance of ${percent(risk?.risk ?? 0)} that a quarter of the hash power takes it back. ` +
        `When the halves were joined again, transactions that had been shown as final were taken back ` +
        `${runsThat(half, ({ reversedAfterFinal }) => reversedAfterFinal > 0)}: ${half.reversedAfterFinal} of ${half.submitted}.`,
    },
  ];
}
