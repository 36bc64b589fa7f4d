/** `trefoil kv`: writing, as the command line has it. */
import { Argument, Command, Option } from 'commander';
import { parseCount, parseDelta, parseEntryVersion, parseKey, parseNamespace, parseNatural } from '../arguments.ts';
import type { Run } from '../output.ts';
import { withSubmission } from '../submission.ts';
import { COUNTER, KEY, NAMESPACE, SET } from './words.ts';
import {
  add,
  deleteEntry,
  insert,
  lease,
  type LeaseOptions,
  put,
  type PutOptions,
  release,
  remove,
  type WriteOptions,
} from './write.ts';

const keyed = (name: string, key = KEY): Command =>
  withSubmission(new Command(name)).argument('<namespace>', NAMESPACE, parseNamespace).argument('<key>', key, parseKey);

const ifAbsent = (): Option => new Option('--if-absent', 'only if nothing stands there').conflicts('ifVersion');

const ifVersion = (): Option =>
  new Option('--if-version <version>', 'only if this version stands there, such as 17:3').argParser(parseEntryVersion);

export const putCommand = (run: Run): Command =>
  keyed('put')
    .description(
      'Write a value of up to 64 KiB under a key. A condition that does not hold: exit code 1, and CONDITION_FAILED.',
    )
    .addOption(new Option('--value <text>', 'the value as text').conflicts('file'))
    .option('--file <file>', 'the value as the bytes of a file')
    .addOption(ifAbsent())
    .addOption(ifVersion())
    .addHelpText(
      'after',
      `
Examples:
  trefoil kv put orders 17 --value open --from alice --wait
  trefoil kv put orders 17 --value paid --if-version 12:0 --from alice --wait
  trefoil kv put orders 18 --file order.json --if-absent --from alice --wait --json

A version is that of \`trefoil kv get\`: height and index of the transaction that wrote the entry.`,
    )
    .action((namespace: string, key: string, options: PutOptions) => run(() => put({ namespace, key }, options)));

export const deleteCommand = (run: Run): Command =>
  keyed('delete')
    .description('Take away what stands under a key. Its deposit comes back.')
    .addOption(ifVersion())
    .addHelpText(
      'after',
      `
Examples:
  trefoil kv delete orders 17 --from alice --wait
  trefoil kv delete orders 17 --if-version 12:0 --from alice --wait`,
    )
    .action((namespace: string, key: string, options: WriteOptions) =>
      run(() => deleteEntry({ namespace, key }, options)),
    );

export const leaseCommand = (run: Run): Command =>
  keyed('lease')
    .description(
      'Take the lease of a key, or renew it: nobody else may write there meanwhile. A key may have one without a value.',
    )
    .addOption(
      new Option('--until <height>', 'the last height at which it holds').argParser(parseNatural).conflicts('for'),
    )
    .option('--for <heights>', 'for how many heights from now on', parseCount)
    .addOption(ifAbsent())
    .addOption(ifVersion())
    .addHelpText(
      'after',
      `
Examples:
  trefoil kv lease jobs leader --for 60 --from alice --wait
  trefoil kv lease jobs leader --until 1200 --if-absent --from alice --wait --json

The version in its event is the fencing token: write what the lease protects with \`--if-version TOKEN\`, or in one transaction with
"require" of it (\`trefoil tx submit\`). Who lost the lease meanwhile then fails, however late.`,
    )
    .action((namespace: string, key: string, options: LeaseOptions) => run(() => lease({ namespace, key }, options)));

export const releaseCommand = (run: Run): Command =>
  keyed('release')
    .description('Give up a lease before it runs out.')
    .addOption(ifVersion())
    .addHelpText('after', '\nExamples:\n  trefoil kv release jobs leader --from alice --wait')
    .action((namespace: string, key: string, options: WriteOptions) => run(() => release({ namespace, key }, options)));

export const addCommand = (run: Run): Command =>
  keyed('add', COUNTER)
    .description('Add to a counter. However many add at once, none of them fails for that.')
    .addArgument(new Argument('[number]', 'how much; less than 0 takes away').argParser(parseDelta).default(1n, '1'))
    .addHelpText(
      'after',
      `
Examples:
  trefoil kv add shop visits --from alice
  trefoil kv add shop stock/apples -5 --from alice --wait`,
    )
    .action((namespace: string, key: string, delta: bigint, options: WriteOptions) =>
      run(() => add({ namespace, key }, delta, options)),
    );

export const insertCommand = (run: Run): Command =>
  keyed('insert', SET)
    .description('Put a member into a set. One that is there already stays.')
    .argument('<member>', 'what is put there: as a key', parseKey)
    .addHelpText('after', '\nExamples:\n  trefoil kv insert shop customers carol --from alice --wait')
    .action((namespace: string, key: string, member: string, options: WriteOptions) =>
      run(() => insert({ namespace, key, member }, options)),
    );

export const removeCommand = (run: Run): Command =>
  keyed('remove', SET)
    .description('Take a member out of a set. Where there is no such member nothing happens.')
    .argument('<member>', 'what is taken out', parseKey)
    .addHelpText('after', '\nExamples:\n  trefoil kv remove shop customers carol --from alice --wait')
    .action((namespace: string, key: string, member: string, options: WriteOptions) =>
      run(() => remove({ namespace, key, member }, options)),
    );
