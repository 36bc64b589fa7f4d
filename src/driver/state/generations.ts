/**
 * A map that forgets what was not used for long: in a young generation lies what was used since the last turn of generations, in the
 * old one what was used between the last two. What is used again becomes young, at the cost of one move; what is not is forgotten with
 * its whole generation, without a look at each.
 */
export class Generations<T extends { readonly weight: number }> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #youngWeight = 0;
  #oldWeight = 0;

  get weight(): number {
    return this.#youngWeight + this.#oldWeight;
  }

  /** Of what was used since the last turn. */
  get youngWeight(): number {
    return this.#youngWeight;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Does not count as a use. */
  peek(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Uses it. */
  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#takeOld(key);
    if (old !== undefined) this.#add(key, old);
    return old;
  }

  /** In its place where the key is young: a map that is deleted from and added to all the time is copied again and again. What was
   *  there before. */
  set(key: string, value: T): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) this.#youngWeight -= young.weight;
    const before = young ?? this.#takeOld(key);
    this.#add(key, value);
    return before;
  }

  /** Takes it out. */
  take(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young === undefined) return this.#takeOld(key);
    this.#young.delete(key);
    this.#youngWeight -= young.weight;
    return young;
  }

  /** In the place of one that is here, and of the same weight. Does not count as a use. */
  replace(key: string, value: T): void {
    (this.#young.has(key) ? this.#young : this.#old).set(key, value);
  }

  /** Forgets the old generation, which is returned, and the young one grows old. */
  turn(): Iterable<T> {
    const forgotten = this.#old.values();
    this.#old = this.#young;
    this.#oldWeight = this.#youngWeight;
    this.#young = new Map();
    this.#youngWeight = 0;
    return forgotten;
  }

  #takeOld(key: string): T | undefined {
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#oldWeight -= old.weight;
    return old;
  }

  #add(key: string, value: T): void {
    this.#young.set(key, value);
    this.#youngWeight += value.weight;
  }
}
