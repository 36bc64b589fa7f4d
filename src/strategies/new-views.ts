/** Liars as primaries that begin a view. */
import type { Height, ValidatorIndex } from '../base/brand.ts';
import type { NewView, SignedViewChange, ViewChange } from '../consensus/messages.ts';
import { newestCertificate, reproposals } from '../consensus/new-view.ts';
import type { Outgoing, Strategy, StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import { NULL_BODY_HASH } from '../ledger/block.ts';
import { isQuorum, powerOf } from '../ledger/validators.ts';
import { type SignedVote, type Vote, voteSigningBytes } from '../ledger/vote.ts';
import { heightsOf, inSecondHalf, otherHash, ownVote, placeOf, resign, signNewView, signViewChange } from './lies.ts';

/** In the place of a NEW-VIEW, one for each half, or the same one for both. With `wait`, later VIEW-CHANGEs may make a
 *  better lie. */
interface Lie {
  readonly ways: readonly [NewView, NewView];
  readonly wait: boolean;
}

/** What the honest replica would say, and the VIEW-CHANGEs that came for this view. */
type Inventor = (context: StrategyContext, newView: NewView, heard: readonly SignedViewChange[]) => Lie;

/** STATUS messages to a peer, eight in a base timeout: so long may a better lie take. */
const WAIT_STATUSES = 3;
/** Each so many it insists. */
const INSIST_STATUSES = 4;

/** A view that a liar begins: told to each half in one way, stood by in its votes, and then to everybody in both ways, again
 *  and again. */
class Beginning {
  readonly newView: NewView;
  readonly #context: StrategyContext;
  readonly #statuses = new Map<ValidatorIndex, number>();
  readonly #told = new Set<ValidatorIndex>();
  #lie: Lie;

  constructor(context: StrategyContext, newView: NewView, lie: Lie) {
    this.#context = context;
    this.newView = newView;
    this.#lie = lie;
  }

  /** A better lie, unless somebody knows this one. */
  improve(invent: () => Lie): void {
    if (this.#lie.wait && this.#told.size === 0) this.#lie = invent();
  }

  tell(to: ValidatorIndex): readonly Outgoing[] {
    const waited = this.#statuses.get(to) ?? 0;
    if (this.#lie.wait && this.#told.size === 0 && waited < WAIT_STATUSES) return [];
    this.#told.add(to);
    return [this.#send(to, inSecondHalf(to))];
  }

  insist(to: ValidatorIndex): readonly Outgoing[] {
    const count = (this.#statuses.get(to) ?? 0) + 1;
    this.#statuses.set(to, count);
    if (!this.#told.has(to)) return this.tell(to);
    return count % INSIST_STATUSES === 0 ? [this.#send(to, count % (2 * INSIST_STATUSES) === 0)] : [];
  }

  /** Our vote as the peer expects it. */
  standBy(to: ValidatorIndex, signed: SignedVote): SignedVote {
    const place = placeOf(signed.vote);
    const told = this.#way(inSecondHalf(to)).prePrepares.find(({ vote }) => placeOf(vote) === place);
    if (told === undefined || told.vote.hash === signed.vote.hash || signed.vote.kind === 'checkpoint') return signed;
    return resign(this.#context, signed, { hash: told.vote.hash });
  }

  #way(second: boolean): NewView {
    return this.#lie.ways[second ? 1 : 0];
  }

  #send(to: ValidatorIndex, second: boolean): Outgoing {
    return { to, message: { kind: 'new-view', newView: signNewView(this.#context, this.#way(second)) } };
  }
}

const beginning =
  (name: string, inventor: Inventor): StrategyFactory =>
  (context): Strategy => {
    const heard = new Map<ValidatorIndex, SignedViewChange>();
    let last: Beginning | null = null;
    const inventedFor = (newView: NewView): Lie => {
      const here = [...heard.values()].filter(
        ({ viewChange: { epoch, view } }) => epoch === newView.epoch && view === newView.view,
      );
      return inventor(context, newView, here);
    };
    return {
      name,
      incoming(from, message) {
        if (message.kind !== 'view-change' || message.viewChange.viewChange.voter !== from) return;
        heard.set(from, message.viewChange);
        const current = last;
        current?.improve(() => inventedFor(current.newView));
      },
      outgoing(outgoing) {
        const { to, message } = outgoing;
        if (message.kind === 'status') return [outgoing, ...(last?.insist(to) ?? [])];
        if (message.kind === 'new-view' && message.newView.newView.voter === context.self) {
          const { newView } = message.newView;
          if (last?.newView.epoch !== newView.epoch || last.newView.view !== newView.view)
            last = new Beginning(context, newView, inventedFor(newView));
          return last.tell(to);
        }
        const vote = ownVote(context, message);
        const stood = vote === null ? null : (last?.standBy(to, vote) ?? vote);
        return stood === null || stood === vote ? [outgoing] : [{ to, message: { kind: 'vote', vote: stood } }];
      },
    };
  };

const same = (newView: NewView): Lie => ({ ways: [newView, newView], wait: false });

function propose({ genesis, self, signer }: StrategyContext, vote: Omit<Vote, 'kind'>): SignedVote {
  const prePrepare: Vote = { ...vote, kind: 'pre-prepare' };
  return { vote: prePrepare, voter: self, signature: signer.sign(voteSigningBytes(genesis.chainId, prePrepare)) };
}

/** The view begun from these VIEW-CHANGEs, with the PRE-PREPAREs that follow from them. */
function begin(
  context: StrategyContext,
  { epoch, view, voter }: NewView,
  viewChanges: NewView['viewChanges'],
): NewView {
  const firstHeight = heightsOf(context, epoch).first;
  const prePrepares = reproposals(firstHeight, viewChanges).map(({ height, bodyHash }) =>
    propose(context, { epoch, view, height, hash: bodyHash }),
  );
  return { epoch, view, voter, viewChanges, prePrepares };
}

/** The VIEW-CHANGEs with our own changed. */
const withOwn = (
  context: StrategyContext,
  viewChanges: NewView['viewChanges'],
  change: (viewChange: ViewChange) => ViewChange,
): NewView['viewChanges'] =>
  viewChanges.map((each) =>
    each.viewChange.voter === context.self ? signViewChange(context, change(each.viewChange)) : each,
  );

/** Begins views from a VIEW-CHANGE of its own that lies, and what follows from it. */
export const beginningWith = (name: string, change: (viewChange: ViewChange) => ViewChange): StrategyFactory =>
  beginning(name, (context, newView) => same(begin(context, newView, withOwn(context, newView.viewChanges, change))));

/** A PRE-PREPARE of a body that nobody prepared, for the first height of the view. */
function invented(context: StrategyContext, { epoch, view, viewChanges }: NewView): SignedVote {
  const { genesis } = context;
  const low = newestCertificate(viewChanges)?.height ?? heightsOf(context, epoch).first - 1;
  return propose(context, { epoch, view, height: (low + 1) as Height, hash: otherHash(genesis.chainId) });
}

/** NEW-VIEWs that drop, reorder or null-fill what has to be proposed again, by turns; where nothing has, that invent it. */
export const badNewView = beginning('bad-new-view', (context, newView) => {
  const { prePrepares, view } = newView;
  if (prePrepares.length === 0) return same({ ...newView, prePrepares: [invented(context, newView)] });
  const nullFilled = prePrepares.map((each) => resign(context, each, { hash: NULL_BODY_HASH }));
  const reordered = prePrepares.length > 1 ? prePrepares.toReversed() : nullFilled;
  return same({ ...newView, prePrepares: [prePrepares.slice(1), reordered, nullFilled][view % 3] ?? [] });
});

const hiding = (viewChange: ViewChange): ViewChange => ({ ...viewChange, prepared: [] });

/** NEW-VIEWs that nobody asked for but itself, who hides what it prepared; to one half counted as often as a quorum. */
export const shortNewView = beginning('short-new-view', (context, newView) => {
  const own = withOwn(context, newView.viewChanges, hiding).filter(
    ({ viewChange }) => viewChange.voter === context.self,
  );
  const often = newView.viewChanges.flatMap(() => own);
  const wayOf = (viewChanges: NewView['viewChanges']): NewView => ({ ...newView, viewChanges, prePrepares: [] });
  return { ways: [wayOf(own), wayOf(often)], wait: false };
});

const proposes = ({ prePrepares }: NewView): string =>
  prePrepares.map(({ vote: { height, hash } }) => `${height} ${hash}`).join();

/** Two NEW-VIEWs, each valid: from two quorums of VIEW-CHANGEs that imply different bodies, where there are such; of its own
 *  there are two, one that hides what it prepared. */
export const twoNewViews = beginning('two-new-views', (context, newView, heard) => {
  const known = new Set(newView.viewChanges.map(({ viewChange }) => viewChange.voter));
  const all = [...newView.viewChanges, ...heard.filter(({ viewChange }) => !known.has(viewChange.voter))].sort(
    (a, b) => a.viewChange.voter - b.viewChange.voter,
  );
  const validators = context.validators();
  const hidden = withOwn(context, newView.viewChanges, (viewChange) => ({ ...hiding(viewChange), stable: null }));
  const quorums = [all, withOwn(context, all, hiding)]
    .flatMap((set) => [
      set,
      ...all.map(({ viewChange: { voter } }) => set.filter((each) => each.viewChange.voter !== voter)),
    ])
    .filter((set) =>
      isQuorum(
        validators,
        powerOf(
          validators,
          set.map(({ viewChange }) => viewChange.voter),
        ),
      ),
    );
  const others = quorums.map((quorum) => begin(context, newView, quorum));
  const other = others.find((each) => proposes(each) !== proposes(newView));
  return { ways: [newView, other ?? begin(context, newView, hidden)], wait: other === undefined };
});
