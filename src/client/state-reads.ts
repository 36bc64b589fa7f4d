/** Reads of the state as of a block: whether the answer is for what was asked, and, with a proof, whether it is true. */
import type { StateProofJson } from '../api/state.ts';
import type { Epoch, Hash } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import type { StateKey } from '../ledger/state/entry-kind.ts';
import { stateKeyText } from '../ledger/state/entry-kind.ts';
import { read, requireSame, type Schema } from './answers.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import { badProof, badResponse, noGenesis, notLast } from './errors.ts';
import { HandOvers } from './hand-overs.ts';
import { type ProvedState, type StateProofError, type TrustedNetwork, verifyStateProof } from './state-proof.ts';

/** After which block, and whether that is to be proved. */
export interface ReadOptions {
  /** After the final block of this height. */
  readonly height?: number | 'latest';
  /** After the last final block whose time is not after this one (milliseconds since 1970, or a Date). Not together with a height.
   *  With a proof there has to be a later final block, after that time: without its header nothing shows that this is the last one, so the
   *  answer is refused with BAD_PROOF (NOT_LAST). For the newest block ask without a time. Without a proof nothing shows it. */
  readonly time?: number | Date;
  /** Asks for a proof and checks it by the client's genesis. Without height and time: after the newest final block. */
  readonly proof?: boolean;
}

/** After which block something is as it is said to be. */
export interface Stood {
  readonly height: number;
  /** Of that block. */
  readonly timestampMs?: number;
  /** Root of the state after that block. */
  readonly stateRoot?: Hash;
  /** That it holds was checked. It can be checked again, anywhere. */
  readonly proof?: StateProofJson;
}

/** NO_PROOF; WRONG_BLOCK: height, time or root are not those of the proved block. */
export type StoodProofError = StateProofError | Coded<'NO_PROOF' | 'WRONG_BLOCK'>;

/** Whether the proof shows that this stood under the key after the block that it says; `value` undefined where nothing did. */
export function verifyStood<V>(
  network: TrustedNetwork,
  key: StateKey<V>,
  value: V | undefined,
  { proof, height, timestampMs, stateRoot }: Stood,
): Result<ProvedState, StoodProofError> {
  if (proof === undefined) return fail('NO_PROOF', 'the answer has no proof');
  const bytes = value === undefined ? undefined : key.kind.codec.encode(value);
  const proved = verifyStateProof(network, { key: stateKeyText(key), value: bytes }, proof);
  if (!proved.ok) return proved;
  const state = proved.value;
  if (state.height !== height || state.timestampMs !== timestampMs || state.stateRoot !== stateRoot)
    return fail('WRONG_BLOCK', `the proof is of block ${state.height}, its time and its root`);
  return ok(state);
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One kind of thing that is read. */
interface Reading<J, T> {
  /** With the query, which is never empty where something is asked of the block. */
  readonly path: (query: Query) => string;
  readonly schema: Schema<J>;
  /** The answer, which may be for something else. Throws ClientError BAD_RESPONSE. */
  readonly of: (json: J, answer: Answer) => T;
  readonly verify: (network: TrustedNetwork, told: T) => Result<ProvedState>;
}

export class StateReads {
  readonly #endpoint: Endpoint;
  readonly #genesis: TrustedNetwork | undefined;
  #handOvers: HandOvers | undefined;

  constructor(endpoint: Endpoint, genesis: TrustedNetwork | undefined) {
    this.#endpoint = endpoint;
    this.#genesis = genesis;
  }

  /** The genesis, with the validators of the epoch in which what is told was certified. */
  async #knowing(genesis: TrustedNetwork, { proof }: Stood): Promise<TrustedNetwork> {
    if (genesis.epochs !== undefined || proof === undefined) return genesis;
    this.#handOvers ??= new HandOvers(this.#endpoint, genesis);
    await this.#handOvers.follow(proof.certificate.epoch as Epoch);
    return { ...genesis, epochs: this.#handOvers };
  }

  get(path: string): Promise<Answer> {
    return this.#endpoint.request({ method: 'GET', path: () => path });
  }

  /** Throws ClientError: BAD_PROOF, what the node said is not what it proved; NO_GENESIS, a proof is asked for, and nothing to check it
   *  by; and those of a request. */
  async read<J, T extends Stood>(reading: Reading<J, T>, { height, time, proof }: ReadOptions): Promise<T> {
    const genesis = this.#genesis;
    if (proof === true && genesis === undefined) throw noGenesis();
    const timeMs = millisecondsOf(time);
    const answer = await this.get(reading.path({ height, time: timeMs, proof }));
    const told = reading.of(read(reading.schema, answer), answer);
    if (typeof height === 'number') requireSame(answer, 'height', told.height, height);
    if (timeMs !== undefined && (told.timestampMs ?? timeMs + 1) > timeMs)
      throw badResponse(answer.url, `the answer is not for a time up to ${timeMs}`);
    if (proof !== true || genesis === undefined) return told;
    const proved = reading.verify(await this.#knowing(genesis, told), told);
    if (!proved.ok) {
      this.#handOvers?.forget();
      throw badProof(answer.url, proved.error);
    }
    if (timeMs !== undefined) requireLast(answer, proved.value, timeMs);
    return told;
  }
}

/**
 * Throws ClientError BAD_PROOF unless it is proved that the next block is after the time. A node that shows no next block may have none
 * yet, or it may hide one that is not after the time either. The two look the same, so neither is believed.
 */
function requireLast({ url }: Answer, { nextTimestampMs: next }: ProvedState, timeMs: number): void {
  if (next === undefined) throw notLast(url);
  if (next > timeMs) return;
  throw badProof(url, { code: 'WRONG_BLOCK', message: 'a later block is not after that time either' });
}

export const millisecondsOf = (time: number | Date | undefined): number | undefined =>
  time instanceof Date ? time.getTime() : time;
