/** `trefoil kv`: data in namespaces. */
import { Command } from 'commander';
import type { Run } from '../output.ts';
import { counterCommand, getCommand, historyCommand, listCommand, membersCommand } from './read-commands.ts';
import { watchCommand } from './watch.ts';
import {
  addCommand,
  deleteCommand,
  insertCommand,
  leaseCommand,
  putCommand,
  releaseCommand,
  removeCommand,
} from './write-commands.ts';

export function kvCommand(run: Run): Command {
  const group = new Command('kv').description(
    'Data in namespaces: entries with conditions, leases and history; counters and sets that merge.',
  );
  for (const command of [
    putCommand,
    getCommand,
    deleteCommand,
    listCommand,
    historyCommand,
    watchCommand,
    leaseCommand,
    releaseCommand,
    addCommand,
    counterCommand,
    insertCommand,
    removeCommand,
    membersCommand,
  ])
    group.addCommand(command(run));
  return group;
}
