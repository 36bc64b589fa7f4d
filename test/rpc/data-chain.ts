/** Final blocks with operations of all kinds, as a node has them. */
import { OPERATIONS } from '../../src/ledger/operations/table.ts';
import type { FinalizedBlock } from '../../src/driver/ports.ts';
import { SKIPPED_BYTES } from '../../src/ledger/block.ts';
import { execute } from '../../src/ledger/execute.ts';
import { advance } from '../../src/ledger/state/ledger-state.ts';
import { type IdentifiedTransaction, signedTransactionCodec } from '../../src/ledger/transaction.ts';
import { bodyOf } from '../ledger/network.ts';
import { BEGINNING, type Chain, transactionsOf } from '../ledger/operations/chains.ts';
import { Ledger, type Sent } from '../ledger/operations/kit.ts';

export class DataChain {
  readonly ledger: Ledger;
  readonly blocks: FinalizedBlock[] = [];

  constructor(parameters?: Chain['parameters']) {
    this.ledger = new Ledger(parameters);
  }

  static of({ parameters, bodies }: Chain): DataChain {
    const chain = new DataChain(parameters);
    const { ledger } = chain;
    chain.append([ledger.alice, [BEGINNING]]);
    const nonceOf = (of: typeof ledger.alice): number => ledger.account(of)?.nonce ?? 0;
    for (const body of bodies) chain.add(transactionsOf(ledger.genesis.chainId, body, nonceOf));
    return chain;
  }

  /** A block with these transactions. */
  append(...sent: readonly Sent[]): FinalizedBlock {
    return this.add(this.ledger.prepare(sent));
  }

  add(transactions: readonly IdentifiedTransaction[]): FinalizedBlock {
    const body = bodyOf(transactions);
    const made = execute(this.ledger.state, body, transactions);
    advance(this.ledger.state, made);
    const executed = new Set(made.record.executed);
    const bytes = transactions.map((each, position) => (executed.has(position) ? each.bytes : SKIPPED_BYTES));
    const block = { hash: made.hash, record: made.record, body: { body, transactions: bytes }, certificate: null };
    this.blocks.push(block);
    return block;
  }
}

export interface Filter {
  readonly account?: string;
  readonly namespace?: string;
  readonly prefix?: string;
}

/** What a watcher with this filter has to see of the blocks, in order: the slow way, by what the transactions say. */
export function expected(blocks: readonly FinalizedBlock[], { account, namespace, prefix }: Filter): object[] {
  return blocks.flatMap(({ record, body }) =>
    record.receipts.flatMap(({ code, events }, index) => {
      const decoded = signedTransactionCodec.decode(body.transactions[record.executed[index] ?? -1] ?? SKIPPED_BYTES);
      if (!decoded.ok) throw new Error('an executed transaction is not there');
      const { sender, operations } = decoded.value.transaction;
      const done = code === 'OK' ? operations : [];
      const names = (operation: object): boolean => JSON.stringify(operation, asText).includes(`"${account}"`);
      if (account !== undefined && sender !== account && !done.some(names)) return [];
      const id = `${record.header.height}:${index}`;
      if (namespace === undefined) return [{ id }];
      const changed = done.flatMap((operation, position) => {
        const place = { key: undefined, ...operation, namespace: 'name' in operation ? operation.name : undefined };
        if ('namespace' in operation) place.namespace = operation.namespace;
        const isThere = place.namespace === namespace && (prefix === undefined || place.key?.startsWith(prefix));
        const event = events[position];
        const isNoChange = operation.kind === 'require' || (event && 'changed' in event && !event.changed);
        if (isThere !== true || event === undefined || isNoChange === true) return [];
        const told = OPERATIONS.toJson(operation, 'tre');
        const { value, writers } = { value: undefined, writers: undefined, ...told };
        return [
          { kind: operation.kind, key: place.key, value: 'value' in event ? String(event.value) : value, writers },
        ];
      });
      return changed.length === 0 ? [] : [{ id, changes: changed }];
    }),
  );
}

const asText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' || value instanceof Uint8Array ? String(value) : value;

/** The same of what a watcher saw. */
export function seen(id: string, { changes }: { readonly changes?: readonly object[] | undefined }): object {
  if (changes === undefined) return { id };
  const told = changes.map((change) => {
    const { kind, key, value, writers } = { kind: '', key: undefined, value: undefined, writers: undefined, ...change };
    return { kind, key, value, writers };
  });
  return { id, changes: told };
}
