/** One scenario, through one protocol. */
import type { Hash } from '../base/brand.ts';
import { unreachable } from '../base/invariant.ts';
import { Meter, type Measured } from './meter.ts';
import type { Network, Protocol, ProtocolName } from './protocol.ts';
import { type Event, RUN_MS, type Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

export interface Run extends Measured {
  readonly protocol: ProtocolName;
}

export function runOnce(protocol: Protocol, scenario: Scenario, seed: number): Run {
  let meter = new Meter([]);
  const network = protocol.network(scenario, seed, (honest) => {
    meter = new Meter(honest);
    return meter;
  });
  const { scheduler } = network;
  const endMs = scheduler.nowMs + RUN_MS;
  const workload = new Workload(
    network,
    seed,
    (id: Hash, atMs) => meter.submitted(id, atMs),
    (id) => meter.isFinal(id),
  );
  for (const event of scenario.events) scheduler.after(event.atMs, () => happen(network, event));
  network.start();
  workload.begin();
  while (scheduler.runNext(endMs));
  return { protocol: protocol.name, ...meter.result(RUN_MS) };
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
