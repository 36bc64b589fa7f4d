/** One scenario, through one protocol, once. */
import type { Hash } from '../base/brand.ts';
import { present, unreachable } from '../base/invariant.ts';
import { exactRisk } from '../pow/risk.ts';
import { countHashes } from './hashes.ts';
import { Meter } from './meter.ts';
import type { Network, Protocol, SeenBlock, Single } from './protocol.ts';
import { type Event, NODES, type Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

export function runOnce(protocol: Protocol, scenario: Scenario, seed: number): Single {
  const meters: { readonly meter: Meter; readonly confirmations: number | undefined }[] = [];
  const network = protocol.network(scenario, seed, (honest, confirmations) => {
    const meter = new Meter(honest);
    meters.push({ meter, confirmations });
    return meter;
  });
  const { meter } = present(meters[0], 'what measures');
  const { scheduler } = network;
  const endMs = scheduler.nowMs + scenario.runMs;
  const submitted = (id: Hash, atMs: number): void => {
    for (const each of meters) each.meter.submitted(id, atMs);
  };
  const workload = new Workload(network, seed, scenario.submitMs, submitted, (id) => meter.isFinal(id));
  for (const event of scenario.events) scheduler.after(event.atMs, () => happen(network, event));
  countHashes(
    () => meter.hashes(1),
    () => {
      network.start();
      workload.begin();
      while (scheduler.runNext(endMs));
    },
  );
  const measured = meter.result(scenario.runMs);
  const confirmations = meters.flatMap((each) => {
    if (each.confirmations === undefined) return [];
    const { finalityTimesMs, finalityMs, disagreed, reversedAfterFinal } = each.meter.result(scenario.runMs);
    const risk = exactRisk(1 / NODES, each.confirmations);
    return [{ confirmations: each.confirmations, risk, finalityTimesMs, finalityMs, disagreed, reversedAfterFinal }];
  });
  return {
    protocol: protocol.name,
    ...measured,
    ...(confirmations.length > 0 ? { confirmations } : {}),
    ...(network.blocks === undefined ? {} : { blocks: withBest(network.blocks) }),
  };
}

/** The branch that won is that of the highest block, of the first where there are two. */
function withBest(blocks: readonly SeenBlock[]): NonNullable<Single['blocks']> {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const best = new Set<Hash>();
  let tip: SeenBlock | undefined;
  for (const block of blocks) if (tip === undefined || block.height > tip.height) tip = block;
  for (; tip !== undefined; tip = byId.get(tip.parent)) best.add(tip.id);
  return blocks.map((block) => ({ ...block, best: best.has(block.id) }));
}

function happen(network: Network, event: Event): void {
  switch (event.kind) {
    case 'crash-leader':
      return network.crashLeader();
    case 'restart':
      return network.restart();
    case 'cut':
      return network.cut(event.side);
    case 'heal':
      return network.heal();
    default:
      unreachable(event);
  }
}
