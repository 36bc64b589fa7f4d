/** Figures 7 and 8 of Ongaro & Ousterhout 2014, to be played by hand. Server S1 of the paper is number 0 here. */
import { ByHand } from './by-hand.ts';

/** Figure 7: the leader of term 8, and what followers may have when it comes to power: entries missing, entries too many, both.
 *  The leader is number 0; (a) to (f) are 1 to 6. */
const FIGURE_7 = [
  [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
  [1, 1, 1, 4, 4, 5, 5, 6, 6],
  [1, 1, 1, 4],
  [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
  [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
  [1, 1, 1, 4, 4, 4, 4],
  [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
] as const;

/** Every follower's log becomes the leader's, whatever it was. Each answer takes it at least an entry further, or a term back. */
export function figureSeven(): ByHand {
  const table = new ByHand(FIGURE_7);
  // It needs four votes of seven: (c) and (d) have more than it has, and refuse theirs.
  table.elect(0, [1, 2, 5, 6]);
  for (const follower of [1, 2, 3, 4, 5, 6]) table.replicate(0, follower, FIGURE_7[0].length + FIGURE_7[6].length);
  return table;
}

/**
 * Figure 8: an entry of term 2 is on a majority, and still not committed. S1 puts it there in term 4, and crashes before an
 * entry of term 4 is there too; so S5 can win, and overwrite it (`overwritten`: figure 8d). Had an entry of term 4 been on a
 * majority as well, S5 could not have won (figure 8e).
 */
export function figureEight(end: 'overwritten' | 'committed'): ByHand {
  const table = new ByHand([[1], [1], [1], [1], [1]]);
  // (a) S1 leads term 2, and its entry comes as far as S2.
  table.elect(0, [1, 2, 3]);
  table.replicate(0, 1, 1);
  table.crash(0);
  // (b) S5 leads term 3 by the votes of S3 and S4, and keeps its entry to itself.
  table.elect(4, [2, 3]);
  table.crash(4);
  // (c) S1 leads term 4. Its entry of term 2 comes to S3, and S2 says that it has it: three of five. S2 learns so much with the
  // entry of term 4 that follows; S3 gets that one only where the end is another.
  table.restart(0);
  table.elect(0, [1, 2, 3]);
  table.replicate(0, 2, end === 'overwritten' ? 2 : 3);
  table.replicate(0, 1, 1);
  table.crash(0);
  // (d) S5 asks S2, S3 and S4, and with the votes of the last two puts its own entry in that place.
  table.restart(4);
  if (table.elect(4, [1, 2, 3])) for (const follower of [1, 2, 3]) table.replicate(4, follower, 6);
  return table;
}

/** What has to hold in both: tried before the seeds where a bug is looked for that chance brings about too seldom. */
export const raftFigures: ReadonlyMap<string, () => ByHand> = new Map([
  ['figure-7', figureSeven],
  ['figure-8', () => figureEight('overwritten')],
]);
