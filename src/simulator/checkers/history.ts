/**
 * Whether what clients are told fits together, by events and receipts alone: who knows these knows what stands where, and needs no
 * rule of the ledger but the meaning of the words.
 */
import type { Hash } from '../../base/brand.ts';
import { present, unreachable } from '../../base/invariant.ts';
import type { Receipt } from '../../ledger/block.ts';
import { dataKeyText } from '../../ledger/data/entry.ts';
import type { EntryVersion } from '../../ledger/operations/data-fields.ts';
import type { Place } from '../../ledger/operations/kind.ts';
import type { Operation } from '../../ledger/transaction.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { Submitted } from '../world/clients.ts';
import { type FinalBlock, finalBlocks } from './final-blocks.ts';

type Event = Receipt['events'][number];

const same = (a: EntryVersion | undefined, b: EntryVersion): boolean => a?.height === b.height && a.index === b.index;

/** What stands there, as far as events tell. */
class Told {
  readonly #versions = new Map<string, EntryVersion>();
  readonly #counters = new Map<string, bigint>();
  readonly #members = new Set<string>();

  /** Whether the condition of an operation holds now; true where it has none. */
  holds(operation: Operation): boolean {
    if (!('condition' in operation)) return true;
    const { condition } = operation;
    const version = this.#versions.get(dataKeyText(operation));
    if (condition.kind === 'version') return same(version, condition);
    return condition.kind === 'any' || version === undefined;
  }

  /** What is wrong with an event of the transaction that stands there. */
  take(event: Event, operation: Operation, place: Place): string | undefined {
    if (event.kind !== operation.kind) return `the event of a ${operation.kind} is a ${event.kind}`;
    switch (event.kind) {
      case 'put':
      case 'lease':
      case 'release':
      case 'delete': {
        if (!same(event.version, place))
          return `a ${event.kind} has version ${event.version.height}:${event.version.index}`;
        const key = dataKeyText(event);
        if (event.kind === 'delete') this.#versions.delete(key);
        else this.#versions.set(key, event.version);
        return undefined;
      }
      case 'add': {
        const key = dataKeyText(event);
        const value = (this.#counters.get(key) ?? 0n) + (operation.kind === 'add' ? operation.delta : 0n);
        this.#counters.set(key, value);
        return event.value === value
          ? undefined
          : `what was added to ${key} is ${value}, the event says ${event.value}`;
      }
      case 'insert':
      case 'remove': {
        const member = `${dataKeyText(event)} ${event.member}`;
        const isNew = event.kind === 'insert' ? !this.#members.has(member) : this.#members.delete(member);
        if (event.kind === 'insert') this.#members.add(member);
        return event.changed === isNew ? undefined : `${event.kind} of ${member} says changed: ${event.changed}`;
      }
      // Of these nothing is told later by which they could be judged.
      case 'transfer':
      case 'create-namespace':
      case 'set-writers':
      case 'set-owner':
      case 'require':
      case 'bond':
      case 'unbond':
      case 'withdraw':
      case 'unjail':
      case 'propose':
      case 'vote':
        return undefined;
      default:
        return unreachable(event);
    }
  }
}

/** Each condition is judged by the version that was told last, so that of all who name one version one writes. Versions are the places of
 *  transactions; a counter is the sum of what was added; a set has what was inserted last. */
export function history(submitted: ReadonlyMap<Hash, Submitted>, violate: Violate): Checker {
  const known = new Told();
  const judge = ({ code, events }: Receipt, operations: readonly Operation[], place: Place): string | undefined => {
    const unmet = operations.find((operation) => !known.holds(operation));
    if (code === 'CONDITION_FAILED' && unmet === undefined) return 'fails by a condition, and all hold';
    if (code !== 'OK') return code === 'CONDITION_FAILED' || unmet === undefined ? undefined : `fails by ${code} first`;
    if (unmet !== undefined) return `succeeds, and the condition of its ${unmet.kind} does not hold`;
    if (events.length !== operations.length) return `has ${events.length} events of ${operations.length} operations`;
    for (const [at, event] of events.entries()) {
      const wrong = known.take(event, present(operations[at], 'operation'), place);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
  const take = ({ record: { header, executed, receipts }, transactions }: FinalBlock): string | undefined => {
    for (const [index, receipt] of receipts.entries()) {
      const transaction = transactions[executed[index] ?? -1]?.signed.transaction;
      if (transaction === undefined) return undefined;
      const wrong = judge(receipt, transaction.operations, { height: header.height, index });
      if (wrong !== undefined) return `transaction ${index} ${wrong}`;
    }
    return undefined;
  };
  return { name: 'history', ...finalBlocks(submitted, take, violate) };
}
