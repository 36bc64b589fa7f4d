/**
 * What owners of validators ask for: the seed decides who comes, goes, is let in or thrown out, and which rules change. They see what
 * is final, as anybody does. What would leave liars a third of the power nobody asks for: then nothing is promised any more.
 */
import type { Height, ValidatorIndex } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import type { Random } from '../../base/random.ts';
import { equalBytes } from '../../codec/codec.ts';
import type { BlockRecord } from '../../ledger/block.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Change } from '../../ledger/membership/change.ts';
import type { ParameterName } from '../../ledger/membership/parameters.ts';
import type { Mode } from '../../ledger/membership/seats.ts';
import type { Operation } from '../../ledger/transaction.ts';
import { isWeakQuorum, powerOf, sumOfPowers, type Validator, validatorAt } from '../../ledger/validators.ts';
import type { SimulatedAccount, SimulatedKeys, SpareKey } from './keys.ts';
import type { SimulatedNode } from './node.ts';

export interface OwnersSettings {
  /** Somebody lies, or may lose its memory: the power of the others has to stay more than two thirds. */
  readonly cautious: boolean;
}

interface World {
  readonly genesis: Genesis;
  readonly nodes: readonly SimulatedNode[];
  /** The newest that a node is in. */
  readonly newestEpoch: KnownEpoch;
}

/** Power that may leave, and until when. */
interface Leaving {
  readonly index: number;
  readonly power: bigint;
  /** From the first epoch on that begins after it, it has left or stays; null while nobody can say. */
  until: Height | null;
}

export interface OwnersRequest {
  /** Position among the owners. */
  readonly owner: number;
  readonly operation: Operation;
  /** What it may take away as soon as it is done. */
  readonly leaving: Leaving | null;
}

type Asked = 'bond' | 'unbond' | 'withdraw' | 'unjail' | 'propose';
/** By what power is: those that are named twice are asked for twice as often. */
const KINDS: Readonly<Record<Mode, readonly Asked[]>> = {
  equal: ['propose', 'propose', 'propose', 'propose', 'unjail', 'unjail', 'bond'],
  stake: ['propose', 'propose', 'propose', 'bond', 'bond', 'bond', 'unbond', 'unbond', 'unjail', 'withdraw'],
};
const CHANGES = ['admit', 'admit', 'admit', 'remove', 'remove', 'rotate', 'rotate', 'observer', 'parameter'] as const;
/** Part of all votes that say no. */
const AGAINST = 0.1;
/** Of all that is asked for while there is something to vote on, votes. */
const VOTES = 0.8;
const STAKE_MAX = 5;
/** Heights for which a proposal is open. */
const OPEN_HEIGHTS = 40;
const NAMES = 8;

export class Owners {
  readonly #world: World;
  readonly #random: Random;
  readonly #owners: readonly SimulatedAccount[];
  readonly #spares: readonly SpareKey[];
  readonly #isCautious: boolean;
  /** Proposals on which these owners have not voted. */
  readonly #votes: { readonly proposal: number; readonly owner: number }[] = [];
  #leaving: Leaving[] = [];
  #height = 0 as Height;

  constructor(
    world: World,
    random: Random,
    { owners, spares }: Pick<SimulatedKeys, 'owners' | 'spares'>,
    { cautious }: OwnersSettings,
  ) {
    this.#world = world;
    this.#random = random;
    this.#owners = owners;
    this.#spares = spares;
    this.#isCautious = cautious;
  }

  /** A final block, of any height. */
  learn({ header: { height }, receipts }: BlockRecord): void {
    if (height <= this.#height) return;
    this.#height = height;
    for (const { events } of receipts)
      for (const event of events)
        if (event.kind === 'propose' && event.status === 'open')
          for (const owner of this.#random.shuffled(this.#owners.map((_, index) => index)))
            this.#votes.push({ proposal: event.proposal, owner });
  }

  /** Null where nothing can be asked for. */
  next(): OwnersRequest | null {
    if (this.#votes.length > 0 && this.#random.chance(VOTES)) return this.#vote();
    const owner = this.#random.int(0, this.#owners.length - 1);
    const { mode } = this.#world.genesis.consensus;
    const operation = this.#operation(this.#random.pick(KINDS[mode]), this.#validatorOf(owner));
    const leaving = operation?.kind === 'unbond' ? (this.#leaving.at(-1) ?? null) : null;
    return operation && { owner, operation, leaving };
  }

  /** What was asked for is in the chain, at this height. */
  settled({ leaving }: OwnersRequest, height: Height): void {
    if (leaving !== null) leaving.until = height;
  }

  /** The most power that may leave the honest when epochs end, of what is asked for already. */
  get leavingPower(): bigint {
    const { validators, firstHeight } = this.#world.newestEpoch;
    this.#leaving = this.#leaving.filter(({ until }) => until === null || until >= firstHeight);
    const askedOf = (index: number): bigint => sumOfPowers(this.#leaving.filter((each) => each.index === index));
    return sumOfPowers(
      validators.members.map(({ index, power }) => ({ power: askedOf(index) < power ? askedOf(index) : power })),
    );
  }

  /** Of the next owner whose validator has a seat. */
  #vote(): OwnersRequest | null {
    for (let next = this.#votes.shift(); next !== undefined; next = this.#votes.shift()) {
      const { proposal, owner } = next;
      const validator = this.#validatorOf(owner);
      if (this.#member(validator) === undefined) continue;
      const approve = !this.#random.chance(AGAINST);
      return { owner, operation: { kind: 'vote', proposal, validator, approve }, leaving: null };
    }
    return null;
  }

  /** Founders have the index of their position, while they have one. Which one a spare has shows when it has a seat: before that its owner has to guess. */
  #validatorOf(owner: number): ValidatorIndex {
    const spare = this.#spares[owner - this.#founders];
    if (spare === undefined) return owner as ValidatorIndex;
    const { members } = this.#world.newestEpoch.validators;
    const seat = members.find(({ publicKey }) => equalBytes(publicKey, spare.publicKey));
    return seat?.index ?? ((this.#founders + this.#random.int(0, this.#spares.length - 1)) as ValidatorIndex);
  }

  #operation(kind: Asked, validator: ValidatorIndex): Operation | null {
    const random = this.#random;
    const amount = BigInt(random.int(1, STAKE_MAX));
    switch (kind) {
      case 'bond':
      case 'withdraw':
        return { kind, validator, amount };
      case 'unbond': {
        const all = this.#member(validator)?.power ?? amount;
        const out = random.chance(0.5) ? all : amount;
        return this.#mayLose(validator, out, null) ? { kind, validator, amount: out } : null;
      }
      case 'unjail':
        return { kind, validator };
      case 'propose': {
        const expires = this.#soon();
        const change = this.#change(expires);
        return change && { kind, validator, change, expires };
      }
      default:
        return unreachable(kind);
    }
  }

  #soon(): Height {
    return (this.#height + this.#random.int(1, OPEN_HEIGHTS)) as Height;
  }

  #change(expires: Height): Change | null {
    const random = this.#random;
    const kind = random.pick(CHANGES);
    const { validators } = this.#world.newestEpoch;
    const { index } = random.pick(validators.members);
    switch (kind) {
      case 'admit': {
        const at = this.#someSpare();
        if (at === null) return null;
        const spare = this.#spares[at] as SpareKey;
        const account = (this.#owners[this.#founders + at] as SimulatedAccount).address;
        const { publicKey, peerId } = spare;
        return { kind: 'admit-validator', name: `spare-${at}`, account, publicKey, peerId };
      }
      case 'remove':
        return this.#mayLose(index, powerOf(validators, [index]), expires)
          ? { kind: 'remove-validator', validator: index }
          : null;
      case 'rotate': {
        const at = this.#someSpare();
        if (at === null) return null;
        const { publicKey, peerId } = this.#spares[at] as SpareKey;
        return { kind: 'rotate-validator', validator: index, publicKey, peerId };
      }
      case 'observer':
        return { kind: 'remove-observer', name: `observer-${random.int(0, NAMES)}` };
      case 'parameter':
        return { kind: 'set-parameter', ...this.#parameter() };
      default:
        return unreachable(kind);
    }
  }

  /** What changes nobody's right to a seat. Timeouts only become shorter: by those of the genesis it is judged how long anything takes. */
  #parameter(): { name: ParameterName; value: bigint } {
    const random = this.#random;
    const { consensus, ledger } = this.#world.genesis;
    const { epochLength, baseTimeoutTicks, timeoutCapTicks } = consensus;
    const name = random.pick([
      'epochLength',
      'epochLength',
      'baseTimeoutTicks',
      'timeoutCapTicks',
      'weightPrice',
      'newEntriesMax',
      'equivocationPenalty',
      'burntShare',
      'jailEpochs',
    ] as const);
    const values: Readonly<Record<typeof name, readonly (number | bigint)[]>> = {
      epochLength: [1, 2, 3, 5, epochLength, 2 * epochLength],
      baseTimeoutTicks: [baseTimeoutTicks, Math.ceil(0.8 * baseTimeoutTicks)],
      timeoutCapTicks: [timeoutCapTicks, timeoutCapTicks / 2],
      // Where nothing was free nothing becomes free: what offers too little must not be good later.
      weightPrice: ledger.weightPrice === 0n ? [0, 1] : [1, 2, 3],
      newEntriesMax: [1, 3, 256],
      equivocationPenalty: [0, 500, 10_000],
      burntShare: [0, 5000, 10_000],
      jailEpochs: [0, 1, 2],
    };
    return { name, value: BigInt(random.pick(values[name])) };
  }

  get #founders(): number {
    return this.#owners.length - this.#spares.length;
  }

  #someSpare(): number | null {
    return this.#spares.length === 0 ? null : this.#random.int(0, this.#spares.length - 1);
  }

  #member(index: number): Validator | undefined {
    return validatorAt(this.#world.newestEpoch.validators, index);
  }

  /** Whether it may lose so much power whoever else leaves; if so, others have to reckon with it. */
  #mayLose(index: ValidatorIndex, power: bigint, until: Height | null): boolean {
    const { validators } = this.#world.newestEpoch;
    const faulty = validators.members.filter((member) =>
      this.#world.nodes.some(
        ({ publicKey, isHonest }) => !isHonest && publicKey !== null && equalBytes(publicKey, member.publicKey),
      ),
    );
    const isFaulty = faulty.some((member) => member.index === index);
    const lying = sumOfPowers(faulty);
    const total = validators.total - this.leavingPower - (isFaulty ? 0n : power);
    if (this.#isCautious && isWeakQuorum({ total }, lying)) return false;
    this.#leaving.push({ index, power: isFaulty ? 0n : power, until });
    return true;
  }
}
