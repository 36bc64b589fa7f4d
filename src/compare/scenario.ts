/** What goes wrong, the same for every protocol: as data, on one virtual clock. */
import { TRANSFERS_PER_BLOCK } from '../simulator/world/keys.ts';

/** Nodes of every run: the fewest of which one may lie. */
export const NODES = 4;

export const SCENARIOS = [
  'calm',
  'crash',
  'partition-minority',
  'partition-half',
  'one-liar',
  'third-lying',
  'regions',
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** Times are milliseconds from the start. */
export type Event =
  /** Whoever leads stops, as if its power were cut; where nobody leads, who found the newest block. */
  | { readonly atMs: number; readonly kind: 'crash-leader' }
  /** It comes back, with what its disk holds. */
  | { readonly atMs: number; readonly kind: 'restart' }
  /** Nothing passes between these nodes and the others. */
  | { readonly atMs: number; readonly kind: 'cut'; readonly side: readonly number[] }
  | { readonly atMs: number; readonly kind: 'heal' };

export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  /** What happens, and what it is known for. */
  readonly about: string;
  readonly events: readonly Event[];
  /** How many nodes lie, the first ones, who lead first; for proof of work, how many quarters of the hash power. */
  readonly liars: number;
  /** Milliseconds from one node to another, by region. */
  readonly latencyMs: (from: number, to: number) => number;
  /** Until then clients submit. */
  readonly submitMs: number;
  readonly runMs: number;
  /** At most, in a block of PBFT and of proof of work. Raft has no blocks: each transfer is an entry of its own. */
  readonly transfersPerBlock: number;
}

/** Long enough that a partition lasts beyond six confirmations of proof of work on both its sides. */
export const SUBMIT_MS = 420_000;
/** What was submitted last has time to become final with six confirmations. */
export const RUN_MS = 600_000;
export const CUT_MS = 60_000;
export const HEAL_MS = 300_000;

/** One room: what a switch and a wire take. */
const near = (): number => 1;

/** Milliseconds one way, as light in fibre and routers take them: Frankfurt, Virginia, Singapore. */
const DISTANCES: readonly (readonly number[])[] = [
  [1, 45, 80],
  [45, 1, 110],
  [80, 110, 1],
];
/** Two of the four nodes stand in the first region. */
const REGION_OF = [0, 0, 1, 2];

const far = (from: number, to: number): number => DISTANCES[REGION_OF[from] ?? 0]?.[REGION_OF[to] ?? 0] ?? 0;

/** What a scenario is where it says nothing else. */
const usual: Pick<Scenario, 'events' | 'liars' | 'latencyMs' | 'submitMs' | 'runMs' | 'transfersPerBlock'> = {
  events: [],
  liars: 0,
  latencyMs: near,
  submitMs: SUBMIT_MS,
  runMs: RUN_MS,
  transfersPerBlock: TRANSFERS_PER_BLOCK,
};

const cut = (side: readonly number[]): readonly Event[] => [
  { atMs: CUT_MS, kind: 'cut', side },
  { atMs: HEAL_MS, kind: 'heal' },
];

export const scenarios: readonly Scenario[] = [
  {
    ...usual,
    name: 'calm',
    title: 'Nothing goes wrong',
    about: 'What each protocol costs when nobody fails.',
  },
  {
    ...usual,
    name: 'crash',
    title: 'The leader crashes (FLP)',
    about:
      'Nobody can tell a dead leader from a slow one: without a clock no deterministic protocol both agrees and always ends once one node may crash (Fischer, Lynch and Paterson 1985). PBFT and Raft wait for a timeout and then elect; proof of work never ends: it only grows more certain.',
    events: [
      { atMs: CUT_MS, kind: 'crash-leader' },
      { atMs: HEAL_MS, kind: 'restart' },
    ],
  },
  {
    ...usual,
    name: 'partition-minority',
    title: 'One node is cut off (CAP)',
    about:
      'While messages are lost, a node can answer or be right, not both (Gilbert and Lynch 2002). The one that is cut off by PBFT and Raft stops; that of proof of work goes on alone, and may have to take back what it showed.',
    events: cut([0]),
  },
  {
    ...usual,
    name: 'partition-half',
    title: 'Two against two (split brain)',
    about:
      'Neither half knows whether the other still lives. PBFT and Raft have a majority on neither side and wait; both halves of proof of work go on, until one of the histories is thrown away.',
    events: cut([0, 1]),
  },
  {
    ...usual,
    name: 'one-liar',
    title: 'One of four lies',
    about:
      'A member tells each half something else, or a quarter of the hash power mines in secret. PBFT is made for it; Raft trusts its members.',
    liars: 1,
  },
  {
    ...usual,
    name: 'third-lying',
    title: 'Two of four lie',
    about:
      'More than a third: beyond what any agreement on final things can take without another trust (Pease, Shostak and Lamport 1980).',
    liars: 2,
  },
  {
    ...usual,
    name: 'regions',
    title: 'Three continents',
    about: 'Two nodes in Frankfurt, one in Virginia, one in Singapore: what distance costs.',
    latencyMs: far,
  },
];

export const honestOf = ({ liars }: Scenario): readonly number[] =>
  Array.from({ length: NODES - liars }, (_, index) => liars + index);

interface Distance {
  readonly from: number;
  readonly to: number;
  readonly link: { readonly latencyMs: number; readonly jitterMs: number };
}

/** Part of a message's way that is left to chance. */
const JITTER = 0.1;

/** Of each pair of nodes. */
export function distances({ latencyMs }: Scenario): readonly Distance[] {
  const nodes = Array.from({ length: NODES }, (_, index) => index);
  return nodes.flatMap((from) =>
    nodes.map((to) => {
      const one = latencyMs(from, to);
      return { from, to, link: { latencyMs: one, jitterMs: JITTER * one } };
    }),
  );
}
