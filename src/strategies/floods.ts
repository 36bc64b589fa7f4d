/**
 * Liars that send what is cheap to send and dear to handle, in bursts, each of which could be an honest peer's in some hour of
 * need. None of it breaks a rule that a peer is punished for.
 */
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import { WINDOW_MAX } from '../consensus/limits.ts';
import type { PreparedCertificate, ViewChange } from '../consensus/messages.ts';
import { signersOf } from '../consensus/tally.ts';
import { sha256 } from '../crypto/sha256.ts';
import type { Outgoing, StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import { BUNDLE_TRANSACTIONS_MAX, SYNC_BLOCKS_MAX } from '../driver/limits.ts';
import { encodePeerMessage, type PeerMessage } from '../driver/wire/wire.ts';
import { type Body, bodyHash } from '../ledger/block.ts';
import { BODY_TRANSACTIONS_MAX } from '../ledger/limits.ts';
import { signedTransactionCodec, type Transaction, transactionSigningBytes } from '../ledger/transaction.ts';
import { isQuorum, powerOf, validatorAt } from '../ledger/validators.ts';
import { type SignedVote, type Vote, voteSigningBytes } from '../ledger/vote.ts';
import { heightsOf, ownKey, placeOf, primaryIn, signViewChange } from './lies.ts';

/** Ticks of a burst, and from the start of one to that of the next: a flood that never ends would make a run take as long as
 *  it pretends to. */
const BURST_TICKS = 20;
const ROUND_TICKS = 200;

/** What a flood goes by: it hears what its replica says and what others do. */
export interface Heard {
  epoch: Epoch;
  view: View;
  executedHeight: Height;
  /** The newest body that somebody proposed. */
  proposed: { readonly height: Height; readonly hash: Hash } | null;
}

export type Message = PeerMessage | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** A flood: what each peer is sent in each tick of a burst, beside what the honest replica sends. */
export const flood =
  (
    name: string,
    begin: (context: StrategyContext) => {
      readonly messages: (heard: Heard, turn: number) => readonly Message[];
      readonly incoming?: (message: PeerMessage) => void;
    },
  ): StrategyFactory =>
  (context) => {
    const { validators, self } = context;
    const { messages, incoming } = begin(context);
    const peers = (): ValidatorIndex[] =>
      validators()
        .members.map(({ index }) => index)
        .filter((index) => index !== self);
    const heard: Heard = { epoch: 0 as Epoch, view: 0 as View, executedHeight: 0 as Height, proposed: null };
    let ticks = 0;
    const listen = (message: Message): void => {
      if (message.kind === 'bytes') return;
      if (message.kind === 'pre-prepare') {
        const { height, hash } = message.vote.vote;
        heard.proposed = { height, hash };
      }
      incoming?.(message);
    };
    return {
      name,
      outgoing(outgoing) {
        const { message } = outgoing;
        listen(message);
        if (message.kind === 'status') {
          const { epoch, view, executedHeight } = message.status;
          Object.assign(heard, { epoch, view, executedHeight });
        }
        return [outgoing];
      },
      incoming: (_from, message) => listen(message),
      tick() {
        const turn = ticks++ % ROUND_TICKS;
        if (turn >= BURST_TICKS) return [];
        const said = messages(heard, ticks);
        return peers().flatMap((to) => said.map((message): Outgoing => ({ to, message })));
      },
    };
  };

export const encoded = (message: PeerMessage): Message => ({ kind: 'bytes', bytes: encodePeerMessage(message) });

const times = (count: number, message: Message): readonly Message[] => Array.from({ length: count }, () => message);

/** Ids of nothing. */
const idsOf = (count: number): readonly Hash[] =>
  Array.from({ length: count }, (_, number) => number.toString(16).padStart(64, '0') as Hash);

/** Questions in a tick for bodies and ranges, which are answered as far as they may be, and for ids that nobody has. */
const BODY_QUESTIONS = 16;
const RANGE_QUESTIONS = 4;
const ID_QUESTIONS = 12;

export const floodFetch = flood('flood-fetch', () => {
  const ids = encoded({ kind: 'fetch-transactions', ids: idsOf(BUNDLE_TRANSACTIONS_MAX) });
  return {
    messages({ executedHeight, proposed }) {
      const from = Math.max(1, executedHeight - SYNC_BLOCKS_MAX + 1) as Height;
      const range = encoded({ kind: 'fetch-blocks', from, count: SYNC_BLOCKS_MAX });
      const body = proposed === null ? [] : times(BODY_QUESTIONS, encoded({ kind: 'fetch-body', ...proposed }));
      return [...times(RANGE_QUESTIONS, range), ...times(ID_QUESTIONS, ids), ...body];
    },
  };
});

/** Bundles in a tick. */
const BUNDLES = 2;
const FAR_NONCE = 1_000_000;

/** Bundles of transactions that are expired, whose turn never comes, or that are known. */
export const floodTransactions = flood('flood-transactions', (context) => {
  const expired = bundle(context, (number) => ({ nonce: number, expiresAt: 1 as Height }));
  const far = bundle(context, (number) => ({ nonce: FAR_NONCE + number }));
  let known: Message | null = null;
  return {
    incoming(message) {
      if (message.kind !== 'transactions' || message.transactions.length === 0) return;
      const [first] = message.transactions;
      const transactions = Array.from({ length: BUNDLE_TRANSACTIONS_MAX / 4 }, () => first as Uint8Array);
      known = encoded({ kind: 'transactions', transactions });
    },
    messages: (_, turn) => {
      const kinds = [expired, far, known ?? far];
      return Array.from({ length: BUNDLES }, (__, number) => kinds[(turn + number) % kinds.length] as Message);
    },
  };
});

/** As many transactions of the liar's own as a bundle holds. */
function bundle(context: StrategyContext, change: (number: number) => Partial<Transaction>): Message {
  const { genesis, signer } = context;
  // An observer has no account: nobody pays for what it passes on.
  const sender = toHex(ownKey(context)) as Transaction['sender'];
  const transactions = Array.from({ length: BUNDLE_TRANSACTIONS_MAX }, (_, number) => {
    const transaction: Transaction = {
      chainId: genesis.chainId,
      sender,
      nonce: 0,
      expiresAt: 0 as Height,
      maxFee: 0n,
      operations: [{ kind: 'transfer', to: sender, amount: 1n }],
      memo: new Uint8Array(),
      ...change(number),
    };
    return signedTransactionCodec.encode({ transaction, signature: signer.sign(transactionSigningBytes(transaction)) });
  });
  return encoded({ kind: 'transactions', transactions });
}

/** Proposals in a tick. */
const PROPOSALS = 10;

/** PRE-PREPAREs with as many ids as a body holds, for a view to come in which it would be primary. */
export const floodProposals = flood('flood-proposals', (context) => {
  const { genesis, validators, self, signer } = context;
  const body: Body = {
    proposer: self,
    timestampMs: genesis.timestampMs,
    certificate: null,
    transactionIds: idsOf(BODY_TRANSACTIONS_MAX),
    evidence: [],
  };
  const hash = bodyHash(body);
  let made: { readonly place: string; readonly message: Message } | null = null;
  return {
    messages({ epoch, view, executedHeight }) {
      if (validatorAt(validators(), self) === undefined) return [];
      let ahead = (view + 1) as View;
      while (primaryIn(context, epoch, ahead) !== self) ahead = (ahead + 1) as View;
      const { last } = heightsOf(context, epoch);
      const height = Math.min(executedHeight + 1, last) as Height;
      const place = placeOf({ epoch, view: ahead, height });
      if (made?.place !== place) {
        const vote: Vote = { kind: 'pre-prepare', epoch, view: ahead, height, hash };
        const signature = signer.sign(voteSigningBytes(genesis.chainId, vote));
        made = { place, message: encoded({ kind: 'pre-prepare', vote: { vote, voter: self, signature }, body }) };
      }
      return times(PROPOSALS, made.message);
    },
  };
});

/** Votes in a tick. */
const VOTES = 1500;

/** Votes for bodies that nobody has, all of them signed: each of another hash, at heights of the window and beyond. */
export const floodVotes = flood('flood-votes', (context) => {
  const { genesis, self, signer } = context;
  let number = 0;
  return {
    messages({ epoch, view, executedHeight }) {
      const { last } = heightsOf(context, epoch);
      const votes = Array.from({ length: 16 }, () => {
        number += 1;
        const kind = number % 2 === 0 ? 'prepare' : 'commit';
        const height = Math.min(executedHeight + 1 + (number % (2 * WINDOW_MAX)), last) as Height;
        const hash = toHex(sha256(fromHex(number.toString(16).padStart(64, '0')))) as Hash;
        const vote: Vote = { kind, epoch, view, height, hash };
        const signature = signer.sign(voteSigningBytes(genesis.chainId, vote));
        return encoded({ kind: 'vote', vote: { vote, voter: self, signature } });
      });
      return Array.from({ length: VOTES }, (_, position) => votes[position % votes.length] as Message);
    },
  };
});

/** VIEW-CHANGEs in a tick: each asks for a higher view. */
const VIEW_CHANGES = 40;

/** VIEW-CHANGEs to ever higher views, full of true certificates of what was prepared at the beginning of the epoch. */
export const floodViewChanges = flood('flood-view-changes', (context) => {
  const { self } = context;
  const album = new Album(context);
  let more = 0;
  return {
    incoming: (message) => album.take(message),
    messages({ epoch, view }) {
      const prepared = album.of(epoch);
      return Array.from({ length: VIEW_CHANGES }, () => {
        more += 1;
        const viewChange: ViewChange = { epoch, view: (view + more) as View, voter: self, stable: null, prepared };
        return { kind: 'view-change' as const, viewChange: signViewChange(context, viewChange) };
      }).map(encoded);
    },
  };
});

/** Prepared certificates that are true, of the first heights of an epoch. */
class Album {
  readonly #context: StrategyContext;
  readonly #votes = new Map<
    Height,
    { prePrepare: SignedVote | null; readonly prepares: Map<ValidatorIndex, SignedVote> }
  >();
  readonly #prepared = new Map<Height, PreparedCertificate>();
  #epoch = -1;

  constructor(context: StrategyContext) {
    this.#context = context;
  }

  take(message: PeerMessage): void {
    if (message.kind !== 'vote' && message.kind !== 'pre-prepare') return;
    const { vote, voter } = message.vote;
    if (vote.kind !== 'pre-prepare' && vote.kind !== 'prepare') return;
    const { window } = this.#context.genesis.consensus;
    const beyond = heightsOf(this.#context, vote.epoch).first + window;
    if (vote.epoch > this.#epoch) {
      this.#epoch = vote.epoch;
      this.#votes.clear();
      this.#prepared.clear();
    }
    if (vote.epoch !== this.#epoch || vote.height >= beyond || vote.view !== 0) return;
    const votes = this.#votes.get(vote.height) ?? { prePrepare: null, prepares: new Map() };
    this.#votes.set(vote.height, votes);
    if (vote.kind === 'pre-prepare') votes.prePrepare = message.vote;
    else votes.prepares.set(voter, message.vote);
    this.#complete(vote.height);
  }

  of(epoch: Epoch): PreparedCertificate[] {
    if (epoch !== this.#epoch) return [];
    return [...this.#prepared.values()].toSorted((a, b) => a.height - b.height);
  }

  #complete(height: Height): void {
    const validators = this.#context.validators();
    const { prePrepare, prepares } = this.#votes.get(height) ?? { prePrepare: null, prepares: new Map() };
    if (prePrepare === null) return;
    const { epoch, view, hash } = prePrepare.vote;
    const agreeing = [...prepares.values()].filter(
      ({ vote, voter }) => vote.hash === hash && voter !== prePrepare.voter,
    );
    const voters = [prePrepare.voter, ...agreeing.map(({ voter }) => voter)];
    if (!isQuorum(validators, powerOf(validators, voters))) return;
    const ordered = agreeing.toSorted((a, b) => a.voter - b.voter);
    this.#prepared.set(height, {
      epoch,
      view,
      height,
      bodyHash: hash,
      primary: prePrepare.voter,
      prePrepareSignature: prePrepare.signature,
      prepares: signersOf(ordered.map(({ voter }) => voter)),
      prepareSignatures: ordered.map(({ signature }) => signature),
    });
  }
}
