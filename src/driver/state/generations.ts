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

  /** Uses it. */
  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#takeOld(key);
    if (old !== undefined) this.#add(key, old);
    return old;
  }

  /** In its place where the key is young: a map that is deleted from and added to all the time is copied again and
   *  again. */
  set(key: string, value: T): void {
    const young = this.#young.get(key);
    if (young === undefined) this.#takeOld(key);
    else this.#youngWeight -= young.weight;
    this.#add(key, value);
  }

  /** Forgets the old generation, and the young one grows old. */
  turn(): void {
    this.#old = this.#young;
    this.#oldWeight = this.#youngWeight;
    this.#young = new Map();
    this.#youngWeight = 0;
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
