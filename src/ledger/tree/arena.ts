/** Room for many byte arrays in a few buffers: a buffer for each would be memory outside the heap, and making these takes longer
 *  than filling them. */

const FIRST_BYTES = 16 * 1024;
/** Some fifty nodes. Whoever keeps one of them keeps all: what a cache keeps of an update is then about half dead after a while, and no
 *  more; a copy of each node would cost more than the walk. */
const BYTES_MAX = 64 * 1024;

export class Arena {
  #buffer = new Uint8Array(0);
  #used = 0;

  /** Zeros. */
  take(bytes: number): Uint8Array {
    if (this.#used + bytes > this.#buffer.length) {
      const length = Math.min(BYTES_MAX, Math.max(FIRST_BYTES, 2 * this.#buffer.length));
      this.#buffer = new Uint8Array(Math.max(length, bytes));
      this.#used = 0;
    }
    this.#used += bytes;
    return this.#buffer.subarray(this.#used - bytes, this.#used);
  }
}
