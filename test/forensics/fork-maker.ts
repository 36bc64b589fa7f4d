/**
 * Forks on purpose: a coalition of more than a third of the power, and no quorum by itself, shows two groups of honest
 * validators two chains. The honest run the true core; each fork is one of several ways, drawn from a seed.
 */
import type { Hash, View } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { Random } from '../../src/base/random.ts';
import type { PreparedCertificate, SignedViewChange } from '../../src/consensus/messages.ts';
import type { Authority } from '../../src/consensus/authenticate.ts';
import type { Transcript } from '../../src/forensics/transcript.ts';
import { isQuorum, powerOf, type ValidatorSet } from '../../src/ledger/validators.ts';
import { instanceOf, Pens } from '../consensus/kit.ts';
import { bodyNamed, heightOf, Honest } from './honest.ts';

export const WAYS = ['same-view', 'across-views', 'prepared-twice', 'by-detour'] as const;
export type Way = (typeof WAYS)[number];

export interface MadeFork {
  readonly way: Way;
  readonly powers: readonly number[];
  readonly coalition: readonly number[];
  readonly height: number;
  readonly authority: Authority;
  /** Of one node of each group, in the order of the groups. */
  readonly stores: readonly Transcript[];
}

const WINDOW = 4;
const SIZES = [4, 7, 10] as const;
const HEIGHTS_BEFORE_MAX = 2;
const VIEWS_MAX = 12;

interface Cast {
  readonly powers: readonly number[];
  readonly set: ValidatorSet;
  readonly coalition: readonly number[];
  /** Each with the coalition a quorum. */
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/** Who lies and who is fooled; undefined when what was drawn allows no fork. */
function castFrom(random: Random): Cast | undefined {
  const size = random.pick(SIZES);
  const skewed = random.chance(0.5);
  const powers = Array.from({ length: size }, () => (skewed ? random.int(1, 9) : 1));
  const set = instanceOf({ powers }).validators;
  const order = random.shuffled(powers.map((_, index) => index));
  const liars = random.int(1, size - 2);
  const [coalition, honest] = [order.slice(0, liars), order.slice(liars)];
  const cut = random.int(1, honest.length - 1);
  const [left, right] = [honest.slice(0, cut), honest.slice(cut)];
  const hasQuorum = (voters: readonly number[]): boolean => isQuorum(set, powerOf(set, voters));
  if (hasQuorum(coalition) || !hasQuorum([...coalition, ...left]) || !hasQuorum([...coalition, ...right]))
    return undefined;
  return { powers, set, coalition, left, right };
}

/** The fork of this seed: the same each time. */
export function makeFork(seed: number): MadeFork {
  const random = new Random(seed);
  for (;;) {
    const cast = castFrom(random);
    if (cast === undefined) continue;
    const made = new ForkMaker(cast, random).make();
    if (made !== undefined) return made;
  }
}

class ForkMaker {
  readonly #cast: Cast;
  readonly #random: Random;
  readonly #honest: Honest;
  readonly #pens: Pens;
  #height = 1;

  constructor(cast: Cast, random: Random) {
    this.#cast = cast;
    this.#random = random;
    this.#honest = new Honest(cast.powers, WINDOW, [...cast.left, ...cast.right]);
    this.#pens = new Pens(instanceOf({ powers: cast.powers, window: WINDOW }));
  }

  /** Undefined where primaries are not where this way needs them. */
  make(): MadeFork | undefined {
    const { left, right, powers, coalition } = this.#cast;
    const way = this.#random.pick(WAYS);
    const first = this.#viewWith(
      0,
      way === 'same-view' || way === 'prepared-twice' ? coalition : [...coalition, ...left],
    );
    if (first === undefined) return undefined;
    this.#begin([...left, ...right], first);
    for (let more = this.#random.int(0, HEIGHTS_BEFORE_MAX); more > 0; more--) {
      if (!this.#canPropose([...left, ...right], first)) break;
      this.#agree([...left, ...right], first, bodyNamed(`common ${this.#height}`), 'commit', true);
      this.#height += 1;
    }
    if (!this.#fork(way, first)) return undefined;
    const stores = [left, right].map((group) => this.#honest.kept(this.#random.pick(group)));
    const all = this.#random.chance(0.5) ? this.#random.shuffled(stores) : stores;
    return { way, powers, coalition, height: this.#height, authority: this.#honest.authority, stores: all };
  }

  #fork(way: Way, first: number): boolean {
    const { left, right, coalition } = this.#cast;
    const [one, other] = [bodyNamed('one'), bodyNamed('other')];
    const isFinal = this.#random.chance(0.5);
    this.#agree(left, first, one, 'commit', isFinal);
    if (way === 'same-view') {
      this.#agree(right, first, other, 'commit', isFinal);
      return true;
    }
    let view = first;
    if (way === 'prepared-twice') this.#agree(right, first, other, 'prepare', false);
    if (way === 'by-detour') {
      // The other body is prepared in a view between, and nobody hides that one.
      const between = this.#viewWith(view + 1, [...coalition, ...right]);
      if (between === undefined) return false;
      this.#begin(right, between);
      this.#agree(right, between, other, 'prepare', false);
      view = between;
    }
    const last = this.#viewWith(view + 1, [...coalition, ...right]);
    if (last === undefined) return false;
    this.#begin(right, last);
    // An honest primary may begin with a quorum whose lowest index shows the body of the other side: there is no fork then.
    const chosen = this.#honest
      .node(present(right[0], 'somebody'))
      .replica.slots.get(heightOf(this.#height))?.prePrepare;
    if (chosen && chosen.vote.hash !== other) return false;
    this.#agree(right, last, other, 'commit', isFinal);
    return true;
  }

  /** The next view whose primary is among these. */
  #viewWith(from: number, primaries: readonly number[]): number | undefined {
    for (let view = from; view < from + VIEWS_MAX; view++)
      if (primaries.includes(this.#pens.primary(view)))
        return this.#random.chance(0.3) ? (this.#viewWith(view + 1, primaries) ?? view) : view;
    return undefined;
  }

  #canPropose(group: readonly number[], view: number): boolean {
    const primary = this.#pens.primary(view);
    return group.includes(primary) || this.#cast.coalition.includes(primary);
  }

  /** The coalition asks a group for a view, which follows (V4); whoever is its primary begins it. */
  #begin(group: readonly number[], view: number): void {
    if (view === 0) return;
    const { coalition } = this.#cast;
    const lies = coalition.map((liar) => this.#lie(liar, group, view));
    for (const viewChange of lies)
      this.#honest.say(group, viewChange.viewChange.voter, { kind: 'view-change', viewChange });
    const primary = this.#pens.primary(view);
    if (!coalition.includes(primary)) return;
    const moved = this.#honest.viewChanges.filter(
      ({ viewChange }) => viewChange.view === view && group.includes(viewChange.voter),
    );
    const viewChanges = [...lies, ...moved].sort((a, b) => a.viewChange.voter - b.viewChange.voter);
    this.#honest.say(group, primary, { kind: 'new-view', newView: this.#pens.newView(view, viewChanges) });
  }

  /** The VIEW-CHANGE of a liar: it shows what the group knows, or less, and never what only others know. */
  #lie(liar: number, group: readonly number[], view: number): SignedViewChange {
    const { replica } = this.#honest.node(this.#random.pick(group));
    const known = [...replica.slots.values()].flatMap(({ prepared }) => prepared ?? []);
    const shown = known.filter((prepared: PreparedCertificate) => prepared.view < view);
    const prepared = this.#random.chance(0.5) ? shown.sort((a, b) => a.height - b.height) : [];
    // Where two bodies were prepared in one view, the one that a lower index shows is chosen: others may show both sides' truth.
    const lowest = Math.min(...group);
    const truth = this.#honest
      .node(this.#random.pick(this.#cast.left))
      .replica.slots.get(heightOf(this.#height))?.prepared;
    if (truth && known.some((each) => each.view === truth.view && each.height === truth.height) && liar > lowest)
      return this.#pens.viewChange(liar, view, { stable: replica.stable, prepared: [truth] });
    return this.#pens.viewChange(liar, view, { stable: replica.stable, prepared });
  }

  /** A body goes through a group at the next height, with the votes of the coalition, as far as it should. */
  #agree(group: readonly number[], view: number, body: Hash, until: 'prepare' | 'commit', isFinal: boolean): void {
    const { coalition } = this.#cast;
    const [height, primary] = [this.#height, this.#pens.primary(view)];
    const again = this.#honest.node(present(group[0], 'somebody')).replica.slots.get(heightOf(height))?.prePrepare;
    if (again === null || again === undefined) {
      if (coalition.includes(primary))
        this.#honest.say(group, primary, { kind: 'vote', vote: this.#pens.prePrepare(view, height, body) });
      else
        this.#honest.tell(group, primary, {
          kind: 'propose',
          view: view as View,
          height: heightOf(height),
          bodyHash: body,
        });
    } else invariant(again.vote.hash === body, 'the NEW-VIEW proposes what the coalition wants', { height, view });
    const backups = coalition.filter((liar) => liar !== primary);
    for (const liar of backups) this.#vote(group, liar, 'prepare', view, body);
    if (until === 'prepare') return;
    for (const liar of coalition) this.#vote(group, liar, 'commit', view, body);
    if (!isFinal) return;
    const { head } = this.#honest.node(present(group[0], 'somebody'));
    for (const liar of coalition) this.#vote(group, liar, 'checkpoint', 0, head);
  }

  #vote(
    group: readonly number[],
    liar: number,
    kind: 'prepare' | 'commit' | 'checkpoint',
    view: number,
    hash: Hash,
  ): void {
    this.#honest.say(group, liar, { kind: 'vote', vote: this.#pens.vote(liar, kind, view, this.#height, hash) });
  }
}
