/**
 * The driver's ticks, from the wall clock. A busy event loop fires timers late, and a timeout in ticks would stretch with
 * the load: what was missed is made up for, one tick at a time. What a long stall missed is forgotten: while this process
 * stood still, nobody else was slow. And who was late has not looked at what came meanwhile: that is read first.
 */
const MADE_UP_MAX = 8;

export class Ticker {
  readonly #tickMs: number;
  readonly #tick: () => void;
  readonly #nowMs: () => number;
  readonly #afterReading: (run: () => void) => void;
  #dueMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** `afterReading`: once what is in the sockets by now was read. Timers run before that. */
  constructor(
    tickMs: number,
    tick: () => void,
    nowMs: () => number = () => performance.now(),
    afterReading: (run: () => void) => void = setImmediate,
  ) {
    this.#tickMs = tickMs;
    this.#tick = tick;
    this.#nowMs = nowMs;
    this.#afterReading = afterReading;
    this.#dueMs = nowMs() + tickMs;
  }

  start(): void {
    this.#dueMs = this.#nowMs() + this.#tickMs;
    this.#timer = setInterval(() => this.fire(), this.#tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Ticks as often as is due, two at the most: so that answers get a turn in between. */
  fire(): void {
    const now = this.#nowMs();
    const lateMs = now - this.#dueMs;
    if (lateMs > MADE_UP_MAX * this.#tickMs) this.#dueMs = now;
    for (let ticks = 0; ticks < 2 && (ticks === 0 || this.#dueMs <= now); ticks++) {
      this.#dueMs += this.#tickMs;
      if (lateMs < this.#tickMs) this.#tick();
      else this.#afterReading(this.#tick);
    }
  }
}
