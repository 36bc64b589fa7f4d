/** Clients that use all operations: what they do, what checkers see of it, and named scenarios. */
import { describe, expect, test } from 'vitest';
import type { Hash, Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { FinalizedBlock } from '../../src/driver/ports.ts';
import type { Receipt } from '../../src/ledger/block.ts';
import type { Condition, EntryVersion } from '../../src/ledger/operations/data-fields.ts';
import { GROWTH_CODES } from '../../src/ledger/operations/codes.ts';
import { OPERATIONS } from '../../src/ledger/operations/table.ts';
import type { Operation } from '../../src/ledger/transaction.ts';
import { execution } from '../../src/simulator/checkers/execution.ts';
import { history } from '../../src/simulator/checkers/history.ts';
import { Simulation, type SimulationSetup } from '../../src/simulator/simulation.ts';
import type { Checker } from '../../src/simulator/world/checker.ts';
import type { Submitted } from '../../src/simulator/world/clients.ts';

installNodeSha256();

const network = (setup: Partial<SimulationSetup> = {}): Simulation =>
  new Simulation({ seed: 1, powers: [1n, 1n, 1n, 1n], liars: new Map(), ...setup });

/** What one of the nodes told of, until all that was sent is final. */
function blocksOf(simulation: Simulation, loadMs: number, durationMs: number): readonly FinalizedBlock[] {
  const blocks: FinalizedBlock[] = [];
  (simulation.checkers as Checker[]).push({
    name: 'spy',
    finalized: ({ slot }, block) => void (slot === 0 && blocks.push(block)),
  });
  simulation.startAll();
  simulation.clients.load(loadMs);
  simulation.run(durationMs);
  simulation.clients.load(0);
  simulation.until(() => simulation.clients.open.size === 0, durationMs);
  simulation.finish();
  expect([simulation.violations, simulation.clients.open.size]).toEqual([[], 0]);
  return blocks;
}

const dear = { minimumBalance: 1000n, depositPerByte: 10n, newEntriesMax: 1, transfersPerBlock: 300 };

describe('clients that use all operations', () => {
  test('meet nearly all that a receipt can say, and nobody breaks a promise', () => {
    const kinds = new Set<string>();
    const codes = new Set<string>();
    let longest = 0;
    for (const [seed, ledger] of [dear, { ...dear, newEntriesMax: 256 }, { weightPrice: 0n }].entries()) {
      const simulation = network({ seed, powers: [1n], operations: 'all', ledger });
      for (const { record } of blocksOf(simulation, 20, 20_000))
        for (const { code, events } of record.receipts) {
          codes.add(code);
          for (const { kind } of events) kinds.add(kind);
        }
      for (const { bytes } of simulation.clients.transactions.values()) longest = Math.max(longest, bytes.length);
    }
    expect([...kinds].sort()).toEqual(Object.keys(EVENTS).sort());
    // Nobody pays into the deposits, and nobody is poor.
    const possible = Object.keys(EVENTS).flatMap((kind) => Object.keys(OPERATIONS.kindOf({ kind }).codes));
    const unmet = [...possible, ...Object.keys(GROWTH_CODES)].filter((code) => !codes.has(code));
    expect(unmet.filter((code) => code !== 'NOT_PAYABLE' && code !== 'INSUFFICIENT_BALANCE')).toEqual([]);
    expect(longest).toBeGreaterThan(32_000);
  });
});

/** The kinds that everybody asks for: the compiler asks for a new one. */
type Asked = Exclude<Operation['kind'], 'bond' | 'unbond' | 'withdraw' | 'unjail' | 'propose' | 'vote'>;
const EVENTS: { readonly [K in Asked]: null } = {
  transfer: null,
  'create-namespace': null,
  'set-writers': null,
  'set-owner': null,
  put: null,
  delete: null,
  lease: null,
  release: null,
  add: null,
  insert: null,
  remove: null,
  require: null,
};

describe('a checker of what is told', () => {
  const simulation = network({ operations: 'all' });
  const blocks = blocksOf(simulation, 30, 10_000);
  const { genesis, clients } = simulation;

  /** What it says of these blocks, as the node told of them. */
  function complaints(
    make: (submitted: ReadonlyMap<Hash, Submitted>, violate: (message: string) => void) => Checker,
    told: readonly FinalizedBlock[],
  ): readonly string[] {
    const said: string[] = [];
    const checker = make(clients.transactions, (message) => said.push(message));
    for (const block of told) checker.finalized?.(simulation.node(0), block);
    checker.finished?.();
    return said;
  }

  /** The blocks, but for one receipt: the first that can be changed so. */
  function forged(change: (receipt: Receipt) => Receipt | undefined): readonly FinalizedBlock[] {
    let isDone = false;
    return blocks.map((block) => {
      const receipts = block.record.receipts.map((receipt) => {
        const other = isDone ? undefined : change(receipt);
        isDone ||= other !== undefined;
        return other ?? receipt;
      });
      return { ...block, record: { ...block.record, receipts } };
    });
  }

  /** The same for one of its events. */
  const forgedEvent = (
    change: (event: Receipt['events'][number]) => Receipt['events'][number] | undefined,
  ): readonly FinalizedBlock[] =>
    forged((receipt) => {
      const at = receipt.events.findIndex((event) => change(event) !== undefined);
      if (at === -1) return undefined;
      const event = change(present(receipt.events[at], 'event'));
      return { ...receipt, events: receipt.events.with(at, present(event, 'another event')) };
    });

  const later = ({ height, index }: EntryVersion): EntryVersion => ({ height, index: index + 1 });

  test.for([
    [
      'a version is not the place of its transaction',
      () => forgedEvent((event) => (event.kind === 'put' ? { ...event, version: later(event.version) } : undefined)),
    ],
    [
      'a counter is not the sum of what was added',
      () => forgedEvent((event) => (event.kind === 'add' ? { ...event, value: event.value + 1n } : undefined)),
    ],
    [
      'a set says that a member was there, which was not',
      () =>
        forgedEvent((event) => (event.kind === 'insert' && event.changed ? { ...event, changed: false } : undefined)),
    ],
    [
      'a condition fails that holds',
      () =>
        forged((receipt) =>
          receipt.events[0]?.kind === 'put' ? { ...receipt, code: 'CONDITION_FAILED', events: [] } : undefined,
        ),
    ],
    [
      'somebody writes by a version that is old',
      () => forged((receipt) => (receipt.code === 'CONDITION_FAILED' ? { ...receipt, code: 'OK' } : undefined)),
    ],
    [
      'an event is missing',
      () =>
        forged((receipt) => (receipt.events.length > 1 ? { ...receipt, events: receipt.events.slice(1) } : undefined)),
    ],
  ] as const)('fires when %s', ([, make]) => {
    expect(complaints(history, make())).toHaveLength(1);
    expect(complaints(history, blocks)).toEqual([]);
  });

  test.for([
    [
      'a receipt has another code',
      () => forged((receipt) => (receipt.code === 'OK' ? { ...receipt, code: 'LEASED' } : undefined)),
    ],
    ['a fee is another', () => forged((receipt) => ({ ...receipt, feePaid: receipt.feePaid + 1n }))],
    [
      'a block is not what the ledger makes of the body',
      () => blocks.with(5, { ...present(blocks[5], 'block'), hash: 'a'.repeat(64) as Hash }),
    ],
  ] as const)('fires when %s, though all nodes agree', ([, make]) => {
    const check = execution.bind(null, genesis);
    expect(complaints(check, make())).toHaveLength(1);
    expect(complaints(check, blocks)).toEqual([]);
  });

  test('reads from the disk what nobody was told of', () => {
    const some = blocks.filter((_, at) => at % 3 === 0);
    expect(complaints(history, some)).toEqual([]);
    const wrong = some.map((block, at) =>
      at === some.length - 1 ? { ...block, hash: 'a'.repeat(64) as Hash } : block,
    );
    expect(complaints(execution.bind(null, genesis), wrong)).toHaveLength(1);
  });
});

const NAMESPACE = 'shared';
const KEY = 'one';
const named = { namespace: NAMESPACE, key: KEY };

/** The code of each receipt, by transaction, with the place of those that did something. */
function receiptsOf(simulation: Simulation): Map<Hash, { readonly code: string; readonly place: EntryVersion }> {
  const receipts = new Map<Hash, { code: string; place: EntryVersion }>();
  (simulation.checkers as Checker[]).push({
    name: 'receipts',
    blockExecuted(_, { header: { height }, receipts: all }) {
      for (const [index, { transactionId, code }] of all.entries())
        receipts.set(transactionId, { code, place: { height, index } });
    },
  });
  return receipts;
}

/** The namespace, in which all clients may write. */
function opened(simulation: Simulation): void {
  const { clients } = simulation;
  simulation.startAll();
  simulation.until(() => simulation.nodes.every(({ state }) => state === 'running'), 1000);
  const writers = clients.accounts.slice(1, 17).map(({ address }) => address);
  settle(
    simulation,
    clients.send(0, simulation.node(0), { operations: [{ kind: 'create-namespace', name: NAMESPACE, writers }] }),
  );
}

function settle(simulation: Simulation, submitted: Submitted): void {
  simulation.until(() => submitted.height !== null, 60_000);
  expect([submitted.height === null, simulation.violations]).toEqual([false, []]);
}

describe('fifty clients of one key', () => {
  test('write one after the other by what they read, however often a node falls, and nothing is lost', () => {
    const everybody = 50;
    const rounds = 40;
    // So many may write in a namespace.
    const accounts = 17;
    const simulation = network({ seed: 4, ledger: { accounts: accounts + 1 } });
    const receipts = receiptsOf(simulation);
    opened(simulation);
    const { clients } = simulation;
    const open = new Map<number, Submitted>();
    let version: EntryVersion | null = null;
    let successes = 0;
    let failures = 0;
    /** Each reads what is there now, and writes by that. */
    const submit = (): void => {
      for (let client = 0; client < everybody; client++) {
        if (open.has(client)) continue;
        const condition: Condition = version === null ? { kind: 'absent' } : { kind: 'version', ...version };
        const operations: Operation[] = [{ kind: 'put', ...named, value: Uint8Array.of(client), condition }];
        open.set(client, clients.send(client % accounts, simulation.random.pick(simulation.nodes), { operations }));
      }
    };
    for (let round = 0; round < rounds && simulation.violations.length === 0; round++) {
      submit();
      const fallen = simulation.node(round % 4);
      if (round % 5 === 0) fallen.crash();
      simulation.until(() => [...open.values()].some(({ height }) => height !== null), 60_000);
      if (round % 5 === 0) fallen.start();
      for (const node of simulation.nodes) clients.retry(node);
      for (const [client, { id, height }] of open) {
        if (height === null) continue;
        open.delete(client);
        const { code, place } = present(receipts.get(id), 'receipt');
        if (code === 'OK') successes += 1;
        else failures += 1;
        if (code === 'OK' && (version === null || place.height > version.height)) version = place;
        expect(['OK', 'CONDITION_FAILED']).toContain(code);
      }
    }
    expect(simulation.violations).toEqual([]);
    expect(successes).toBeGreaterThan(10);
    expect(failures).toBeGreaterThan(successes);
    // Whatever was named as the version, one write followed it.
    const wrote = [...clients.transactions.values()].filter(({ id }) => receipts.get(id)?.code === 'OK');
    const conditions = wrote.flatMap(({ signed }) =>
      signed.transaction.operations.flatMap((each) => (each.kind === 'put' ? [JSON.stringify(each.condition)] : [])),
    );
    expect(new Set(conditions).size).toBe(conditions.length);
    simulation.finish();
    expect(simulation.violations).toEqual([]);
  });
});

describe('a lease that runs out while the view changes', () => {
  test('goes to who waits for it, and the owner that comes back late is refused by its token', () => {
    const simulation = network({ seed: 2, consensus: { idleBlockMs: 500 } });
    const receipts = receiptsOf(simulation);
    opened(simulation);
    const { clients } = simulation;
    const codeOf = ({ id }: Submitted): string | undefined => receipts.get(id)?.code;
    const send = (client: number, operation: Operation): Submitted =>
      clients.send(client, simulation.node(3), { operations: [operation] });
    const finalHeight = (): number => simulation.node(3).driver?.status().finalHeight ?? 0;

    const until = (finalHeight() + 6) as Height;
    const first = send(0, { kind: 'lease', ...named, until, condition: { kind: 'absent' } });
    settle(simulation, first);
    const token = present(receipts.get(first.id), 'receipt').place;
    const early = send(1, { kind: 'lease', ...named, until: (until + 50) as Height, condition: { kind: 'any' } });
    settle(simulation, early);
    expect([codeOf(first), codeOf(early)]).toEqual(['OK', 'LEASED']);

    const primary = simulation.node(present(simulation.node(3).driver, 'driver').status().primary);
    expect(primary.slot).not.toBe(3);
    primary.pause();
    const wants = send(1, { kind: 'lease', ...named, until: (until + 50) as Height, condition: { kind: 'any' } });
    // The view changes with it, and the last heights of the lease go by.
    simulation.until(() => finalHeight() >= until, 60_000);
    expect(present(simulation.node(3).driver, 'driver').status().view).toBeGreaterThan(0);
    primary.resume();
    settle(simulation, wants);
    const again = send(1, { kind: 'lease', ...named, until: (until + 50) as Height, condition: { kind: 'any' } });
    settle(simulation, again);
    const late = send(0, { kind: 'put', ...named, value: Uint8Array.of(1), condition: { kind: 'version', ...token } });
    settle(simulation, late);
    expect([codeOf(wants), codeOf(again), codeOf(late)]).toEqual(['LEASED', 'OK', 'CONDITION_FAILED']);
    const owner = send(1, { kind: 'put', ...named, value: Uint8Array.of(2), condition: { kind: 'any' } });
    settle(simulation, owner);
    expect(codeOf(owner)).toBe('OK');
    simulation.finish();
    expect(simulation.violations).toEqual([]);
  });
});
