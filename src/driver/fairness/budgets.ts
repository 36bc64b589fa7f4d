/**
 * What peers may cost us. Each has an account of processor time for each lane, filled with time up to a bound. Whatever
 * it makes us do is charged there, in advance; what proves to be of use to us is given back. So honest traffic, however
 * much, costs next to nothing, and useless work is a small share of a processor, whoever makes it and however many they
 * are.
 *
 * A message may be looked at while anything is left in the account. If it costs more than that, the account falls below
 * zero. So at most one message of each peer is done on credit, and even the dearest message is looked at some day.
 *
 * Time is ticks of the driver: a clock that jumps gives nobody anything, and while this process stands still nobody
 * earns.
 */
import { COSTS } from './costs.ts';
import {
  BUDGET_BURST_MIN_US,
  BUDGET_BURST_US,
  BUDGET_US_PER_MS,
  SHUT_OUT_US,
  SHUT_OUT_US_PER_MS,
  THROTTLED_NOTE_MS,
} from '../limits.ts';
import type { Lane, PeerId } from '../ports.ts';
import { priceOfReading, priceOfRepeating } from './prices.ts';

interface Account {
  /** What is left. */
  readonly left: Record<Lane, number>;
  /** Answers to it that are being made: until then it gets no other of the lane. */
  readonly underWay: Record<Lane, number>;
  /** Useless work that it offered, less what time has forgiven. */
  useless: number;
  /** It could not pay for something since the last tick; and in how many ticks of late that was so. */
  short: boolean;
  shortTicks: number;
  connected: boolean;
}

interface BudgetsContext {
  readonly tickMs: number;
  /** Peers that there are usually. */
  readonly members: () => number;
  /** What the peer sends has to wait, and has had to for a while: for people to know. */
  readonly throttled: (peer: PeerId) => void;
  /** It offered more useless work, for longer, than any honest node could. */
  readonly overdrawn: (peer: PeerId) => void;
}

/** A tick in which a peer owes counts one towards naming it; a tick in which it owes nothing takes this much back. So a peer
 *  that owes half of the time is still named. */
const SHORT_PART = 0.25;

/** By priority: agreement, what it is to agree on, then those who are behind. */
export const LANES: readonly Lane[] = ['consensus', 'transactions', 'sync'];

export class Budgets {
  readonly #context: BudgetsContext;
  readonly #accounts = new Map<PeerId, Account>();
  /** For whom we work now, and what it was charged for that and may get back. */
  #payer: { readonly peer: PeerId; readonly lane: Lane; charged: number } | null = null;
  #spent = 0;

  constructor(context: BudgetsContext) {
    this.#context = context;
  }

  /** All that was ever charged, given back or not. */
  get spent(): number {
    return this.#spent;
  }

  /** Among how many peers everything is divided. */
  get peers(): number {
    let connected = 0;
    for (const account of this.#accounts.values()) if (account.connected) connected += 1;
    return Math.max(1, this.#context.members(), connected);
  }

  /** The most that an account holds in one lane. */
  get burst(): number {
    return Math.max(BUDGET_BURST_MIN_US, BUDGET_BURST_US / this.peers);
  }

  /** Its account of an earlier connection counts on: nobody gets rid of debts by coming again. */
  connected(peer: PeerId): void {
    this.#of(peer).connected = true;
  }

  disconnected(peer: PeerId): void {
    this.#of(peer).connected = false;
  }

  left(peer: PeerId, lane: Lane): number {
    return this.#accounts.get(peer)?.left[lane] ?? this.burst;
  }

  /** Whether a message of this lane may be looked at. */
  canPay(peer: PeerId, lane: Lane): boolean {
    const { left, underWay } = this.#of(peer);
    return left[lane] > 0 && underWay[lane] === 0;
  }

  /** A message of this lane waits that may not be looked at. Who cannot pay for long is named (THROTTLED). */
  waits(peer: PeerId, lane: Lane): void {
    const account = this.#of(peer);
    if (account.left[lane] <= 0) account.short = true;
  }

  /** Does work for a peer: what is charged meanwhile is its to pay. When `run` says that it was of use, all of that is given
   *  back but what our answers cost. */
  paying(peer: PeerId, lane: Lane, price: number, run: () => boolean): void {
    const before = this.#payer;
    const payer = { peer, lane, charged: 0 };
    this.#payer = payer;
    this.#take(payer, price);
    const useful = run();
    this.#payer = before;
    if (useful) this.refund(peer, lane, payer.charged);
  }

  /** A signature has to be checked for whoever pays now. */
  verifying(): void {
    if (this.#payer !== null) this.#take(this.#payer, COSTS.verify);
  }

  charge(peer: PeerId, lane: Lane, price: number): void {
    this.#take({ peer, lane, charged: 0 }, price);
  }

  /** The work was of use. */
  refund(peer: PeerId, lane: Lane, price: number): void {
    const account = this.#of(peer);
    account.left[lane] = Math.min(account.left[lane] + price, this.burst);
    account.useless = Math.max(0, account.useless - price);
  }

  /** Useless work that was offered and not even done: it counts towards being shut out. */
  declined(peer: PeerId, price: number): void {
    this.#offer(peer, this.#of(peer), price);
  }

  /** Something leaves for a peer. If it is whom we work for, it is an answer. */
  answered(to: PeerId, price: number): void {
    if (this.#payer?.peer === to) this.#spend(this.#of(to), this.#payer.lane, price);
  }

  /** It is given again what it was given before. That takes no more of our time than the first time did. */
  repeated(peer: PeerId, lane: Lane, bytes: number): void {
    this.#of(peer).left[lane] -= priceOfRepeating(lane, bytes);
  }

  /** Reads for whoever pays now: it pays, and has nothing else of this lane done until the answer is made. */
  reading(read: (done: (keys: number, bytes: number, answer: () => void) => void) => void): void {
    const payer = this.#payer;
    if (payer === null) return read((_keys, _bytes, answer) => answer());
    const { peer, lane } = payer;
    this.#of(peer).underWay[lane] += 1;
    read((keys, bytes, answer) => {
      const account = this.#of(peer);
      this.#spend(account, lane, priceOfReading(keys, bytes));
      const before = this.#payer;
      this.#payer = { peer, lane, charged: 0 };
      answer();
      this.#payer = before;
      account.underWay[lane] -= 1;
    });
  }

  /** Keeps for later what is done for whoever pays now, which has nothing else of this lane done until then. */
  later(): (run: () => void) => void {
    const payer = this.#payer;
    if (payer === null) return (run) => run();
    const { peer, lane } = payer;
    this.#of(peer).underWay[lane] += 1;
    return (run) => {
      const before = this.#payer;
      this.#payer = { peer, lane, charged: 0 };
      run();
      this.#payer = before;
      this.#of(peer).underWay[lane] -= 1;
    };
  }

  /** A tick went by: every account gets the same, and what has no place in one goes to the others. */
  tick(): void {
    const { tickMs, throttled } = this.#context;
    const burst = this.burst;
    for (const lane of LANES) this.#share(lane, BUDGET_US_PER_MS[lane] * tickMs, burst);
    for (const [peer, account] of this.#accounts) {
      account.useless = Math.max(0, account.useless - SHUT_OUT_US_PER_MS * tickMs);
      account.shortTicks = account.short ? account.shortTicks + 1 : Math.max(0, account.shortTicks - SHORT_PART);
      account.short = false;
      if (account.shortTicks * tickMs >= THROTTLED_NOTE_MS) {
        account.shortTicks = 0;
        throttled(peer);
      }
      // An answer that is still made counts its end on this account, also when the peer has come again by then.
      const isWhole =
        account.useless === 0 && LANES.every((lane) => account.left[lane] >= burst && account.underWay[lane] === 0);
      if (isWhole && !account.connected) this.#accounts.delete(peer);
    }
  }

  #share(lane: Lane, amount: number, burst: number): void {
    let open = [...this.#accounts.values()].filter(({ left }) => left[lane] < burst);
    for (let rest = amount; rest > 0 && open.length > 0; ) {
      const share = rest / open.length;
      rest = 0;
      open = open.filter(({ left }) => {
        const room = burst - left[lane];
        left[lane] += Math.min(share, room);
        if (room > share) return true;
        rest += share - room;
        return false;
      });
    }
  }

  #of(peer: PeerId): Account {
    const known = this.#accounts.get(peer);
    if (known !== undefined) return known;
    const { burst } = this;
    const account: Account = {
      left: { consensus: burst, transactions: burst, sync: burst },
      underWay: { consensus: 0, transactions: 0, sync: 0 },
      useless: 0,
      short: false,
      shortTicks: 0,
      connected: false,
    };
    this.#accounts.set(peer, account);
    return account;
  }

  #take(payer: { readonly peer: PeerId; readonly lane: Lane; charged: number }, price: number): void {
    const account = this.#of(payer.peer);
    payer.charged += price;
    this.#spend(account, payer.lane, price);
    this.#offer(payer.peer, account, price);
  }

  #spend(account: Account, lane: Lane, price: number): void {
    account.left[lane] -= price;
    this.#spent += price;
  }

  #offer(peer: PeerId, account: Account, price: number): void {
    account.useless += price;
    if (account.useless <= SHUT_OUT_US) return;
    account.useless = 0;
    this.#context.overdrawn(peer);
  }
}
