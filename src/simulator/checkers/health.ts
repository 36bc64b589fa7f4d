/** Honest nodes keep running, keep to their bounds, and blame nobody who is honest. */
import { offenceOf } from '../../ledger/offence.ts';
import type { Address, Height } from '../../base/brand.ts';
import { shared } from '../../base/shared.ts';
import { ACCOUNTS, SYSTEM_ACCOUNTS } from '../../ledger/account.ts';
import { blockRecordCodec, fullBodyCodec } from '../../ledger/block.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import {
  BODIES_PER_HEIGHT_MAX,
  type Buffers,
  bufferLimits,
  EVIDENCE_PER_VALIDATOR_MAX,
  HEARD_HEIGHTS,
  HEARD_VIEWS,
} from '../../driver/limits.ts';
import { EVIDENCE_EPOCHS_MAX } from '../../ledger/limits.ts';
import { stateBytesMax } from '../../driver/state/limits.ts';
import { KEYS } from '../../driver/stored/records.ts';
import type { Evidence } from '../../ledger/evidence.ts';
import { certificateCodec } from '../../ledger/vote.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedDisk } from '../world/disk.ts';
import type { SimulatedNode } from '../world/node.ts';
import { complaintsAboutState } from './state-on-disk.ts';

/** No honest node stops, none starts from a disk that forgot, and none calls another honest one a liar, punishes it or lets
 *  it wait for its turn. */
export function health(nodes: () => readonly SimulatedNode[], violate: Violate): Checker {
  const blames = (node: SimulatedNode, what: string, evidence: Evidence): void => {
    const guilty = offenceOf(evidence).validator;
    const accused = nodes().filter(({ validator }) => validator === guilty);
    if (accused.length > 0 && accused.every(({ isLiar }) => !isLiar))
      violate(`node ${node.slot} ${what} against honest validator ${guilty}`);
  };
  return {
    name: 'health',
    started({ slot, disk }) {
      if (disk.hasHole) violate(`node ${slot} started though its disk lost batches from the middle`);
    },
    halted(node, error) {
      if (!node.damaged) violate(`node ${node.slot} halted: ${error.message}`);
    },
    punished(node, peer, code, message) {
      if (node.isHonest && peer.isHonest) violate(`node ${node.slot} punished node ${peer.slot}: ${code}, ${message}`);
    },
    noted(node, note) {
      if (note.kind !== 'misbehaviour' || !node.isHonest) return;
      const about = nodes().filter(({ peerId }) => peerId === note.peer);
      if (about.length > 0 && about.every(({ isHonest }) => isHonest))
        violate(`node ${node.slot} calls node ${about[0]?.slot} ${note.code}: ${note.message}`);
    },
    accused: (node, evidence) => blames(node, 'has evidence', evidence),
    finalized(node, { body }) {
      for (const evidence of body.body.evidence) blames(node, 'executed evidence', evidence);
    },
  };
}

/** All balances, the fees and the deposits together are what the genesis gave. */
export function supply(genesis: Genesis, violate: Violate): Checker {
  const addresses = new Set([...Array.from(genesis.accounts, ({ address }) => address), ...SYSTEM_ACCOUNTS]);
  return {
    name: 'supply',
    blockExecuted(_, { receipts }) {
      for (const { events } of receipts)
        for (const event of events) if (event.kind === 'transfer') addresses.add(event.to);
    },
    finalized({ slot, driver, disk, damaged }, { record }) {
      // What a damaged disk has is noticed when it is executed on.
      if (driver === null || damaged) return;
      const { height } = record.header;
      // The node tells of a block when it is durable, and has executed no other since: memory and disk agree.
      const stored = [...addresses].map((address) => storedBalance(disk, address));
      const sum = stored.reduce((total, balance) => total + balance, 0n);
      if (sum !== genesis.supply)
        violate(`node ${slot} holds ${sum} at height ${height}, the genesis gave ${genesis.supply}`);
      for (const [position, address] of [...addresses].entries()) {
        const account = driver.account(address);
        if (account !== undefined && account.balance !== stored[position])
          violate(`node ${slot} has ${account.balance} in memory and ${stored[position]} on disk at height ${height}`);
      }
    },
  };
}

function storedBalance(disk: SimulatedDisk, address: Address): bigint {
  const bytes = disk.get(KEYS.entry(ACCOUNTS.key(address)));
  return bytes === undefined ? 0n : balanceIn(bytes);
}

/** Most accounts are what they were when the last block was final: they are decoded once. */
const balanceIn = shared((bytes: Uint8Array): bigint => {
  const account = ACCOUNTS.codec.decode(bytes);
  return account.ok ? account.value.balance : 0n;
});

/** What one turn puts of the state into memory, at most: accounts of a mempool's senders, or what a simulated block needs. */
const TURN_BYTES = 4 * 1024 * 1024;

/** Heights whose state is looked at when a run is over. */
const STATES = 25;

/** Final bodies that are looked at when a run is over. */
const FINAL_BODIES = 64;

/** Nothing grows without end, in memory or on disk. */
interface World {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  readonly nodes: readonly SimulatedNode[];
}

export function bounds(world: World, violate: Violate): Checker {
  const { genesis, epochs } = world;
  const { window } = genesis.consensus;
  /** In the largest set so far. */
  let validators = 0;
  const reach = (height: number): void => {
    const epoch = epochs.at(height as Height);
    validators = Math.max(validators, epoch?.validators.members.length ?? 0);
  };
  reach(1);
  return {
    name: 'bounds',
    blockExecuted: (_, { header }) => reach(header.height + 1),
    sent({ slot, driver, cache }, message) {
      // Once for each block and each view: most messages are other votes.
      if (driver === null || (message.kind === 'vote' && message.vote.vote.kind !== 'checkpoint')) return;
      const limits = bufferLimits(
        validators,
        window,
        genesis.ledger.blockWeightMax,
        Math.max(validators, world.nodes.length),
      );
      for (const [name, size] of Object.entries(driver.buffers()))
        if (size > limits[name as keyof Buffers])
          violate(`node ${slot} holds ${size} ${name}, at most ${limits[name as keyof Buffers]}`);
      const most = stateBytesMax(cache, TURN_BYTES);
      if (driver.stateBytes > most)
        violate(`node ${slot} has ${driver.stateBytes} bytes of the state in memory, at most ${most}`);
    },
    finished() {
      for (const { slot, isHonest, driver, disk } of world.nodes) {
        if (!isHonest || driver === null) continue;
        const { executedHeight: executed, finalHeight } = driver.status();
        for (const complaint of complaintsAboutState(disk, genesis, STATES)) violate(`node ${slot}: ${complaint}`);
        for (const height of skippedAt(disk, finalHeight)) violate(`node ${slot} keeps what height ${height} skipped`);
        const limits = [
          ['body/', executed + window * BODIES_PER_HEIGHT_MAX],
          ['block/', executed],
          // One a height at most, also where the blocks of certified heights are still missing.
          ['certificate/', highestCertificate(disk)],
          ['evidence/', EVIDENCE_PER_VALIDATOR_MAX * validators],
          ['heard/commits/', HEARD_HEIGHTS],
          ['heard/new-view/', EVIDENCE_EPOCHS_MAX * HEARD_VIEWS],
          ['heard/lie/', EVIDENCE_EPOCHS_MAX * validators],
        ] as const;
        for (const [prefix, limit] of limits)
          if (disk.count(prefix) > limit)
            violate(`node ${slot} stores ${disk.count(prefix)} of ${prefix}, at most ${limit}`);
      }
    },
  };
}

/** Final heights at which bytes of skipped transactions are kept, among the newest. */
function skippedAt(disk: SimulatedDisk, finalHeight: Height): readonly Height[] {
  const found: Height[] = [];
  for (let height = finalHeight; height > Math.max(0, finalHeight - FINAL_BODIES); height = (height - 1) as Height) {
    const record = blockRecordCodec.decode(disk.get(KEYS.block(height)) ?? new Uint8Array());
    if (!record.ok) continue;
    const { header, executed } = record.value;
    const fullBody = fullBodyCodec.decode(disk.get(KEYS.body(height, header.bodyHash)) ?? new Uint8Array());
    const isExecuted = new Set(executed);
    if (fullBody.ok && fullBody.value.transactions.some(({ length }, at) => length > 0 && !isExecuted.has(at)))
      found.push(height);
  }
  return found;
}

function highestCertificate(disk: SimulatedDisk): number {
  const certificate = certificateCodec.decode(disk.get(KEYS.certified) ?? new Uint8Array());
  return certificate.ok ? certificate.value.height : 0;
}

/** Messages of the protocol that an honest node sends in a second at most, each counted once whoever gets it: ten times
 *  what was ever seen. */
const MESSAGES_PER_SECOND_MAX = 5000;

/** Nobody honest talks without end. */
export function traffic(nowMs: () => number, violate: Violate): Checker {
  const counts = new Map<number, { second: number; messages: number }>();
  return {
    name: 'traffic',
    sent({ slot }) {
      const second = Math.floor(nowMs() / 1000);
      const count = counts.get(slot) ?? { second, messages: 0 };
      counts.set(slot, count);
      count.messages = count.second === second ? count.messages + 1 : 1;
      count.second = second;
      if (count.messages > MESSAGES_PER_SECOND_MAX)
        violate(`node ${slot} sent ${count.messages} messages within a second`);
    },
  };
}
