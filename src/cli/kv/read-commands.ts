/** `trefoil kv`: reading, as the command line has it. */
import { Command } from 'commander';
import { parseCount, parseKey, parseNamespace } from '../arguments.ts';
import type { Run } from '../output.ts';
import { type ReadPointOptions, withPoint, withReadPoint } from '../read-point.ts';
import { withTarget } from '../target.ts';
import { counter, get, history, type HistoryOptions, list, type ListOptions, listMembers, member } from './read.ts';
import { COUNTER, KEY, NAMESPACE, SET } from './words.ts';

/** Entries, versions or members that a list shows unless told otherwise: a page for people, and some megabytes for scripts. */
const SHOWN_DEFAULT = 1_000;

const limit = 'how many at most; all pages of the node are read up to there';

export const getCommand = (run: Run): Command =>
  withReadPoint(new Command('get'))
    .description('What stands under a key, now or after an earlier block. Exit code 1 where nothing does.')
    .argument('<namespace>', NAMESPACE, parseNamespace)
    .argument('<key>', KEY, parseKey)
    .addHelpText(
      'after',
      `
Examples:
  trefoil kv get orders 17
  trefoil kv get orders 17 --height 12 --json
  trefoil kv get orders 17 --time 2027-01-15T08:00:00Z --proof

The value goes to standard output if it is text, and its version to standard error; --json has both, the value in base64.
With a proof the answer is checked by the genesis alone: exit code 4 where the node cannot have told the truth.`,
    )
    .action((namespace: string, key: string, options: ReadPointOptions) =>
      run((output) => get({ namespace, key }, options, output)),
    );

export const listCommand = (run: Run): Command =>
  withPoint(new Command('list'))
    .description('The entries of a namespace in the order of their keys, all after the same block.')
    .argument('<namespace>', NAMESPACE, parseNamespace)
    .option('--prefix <prefix>', 'only keys that begin with this', parseKey)
    .option('--limit <number>', limit, parseCount, SHOWN_DEFAULT)
    .addHelpText(
      'after',
      '\nExamples:\n  trefoil kv list orders\n  trefoil kv list orders --prefix 2027/ --limit 20 --height 12 --json',
    )
    .action((namespace: string, options: ListOptions) => run((output) => list(namespace, options, output)));

export const historyCommand = (run: Run): Command =>
  withTarget(new Command('history'))
    .description('What stood under a key, block by block, the oldest first: as far back as the state is kept.')
    .argument('<namespace>', NAMESPACE, parseNamespace)
    .argument('<key>', KEY, parseKey)
    .option('--limit <number>', limit, parseCount, SHOWN_DEFAULT)
    .addHelpText('after', '\nExamples:\n  trefoil kv history orders 17\n  trefoil kv history orders 17 --json')
    .action((namespace: string, key: string, options: HistoryOptions) =>
      run((output) => history({ namespace, key }, options, output)),
    );

export const counterCommand = (run: Run): Command =>
  withReadPoint(new Command('counter'))
    .description('Where a counter stands. All are zero until something is added.')
    .argument('<namespace>', NAMESPACE, parseNamespace)
    .argument('<key>', COUNTER, parseKey)
    .addHelpText(
      'after',
      '\nExamples:\n  trefoil kv counter shop visits\n  trefoil kv counter shop visits --proof --json',
    )
    .action((namespace: string, key: string, options: ReadPointOptions) =>
      run(() => counter({ namespace, key }, options)),
    );

export const membersCommand = (run: Run): Command =>
  withReadPoint(new Command('members'))
    .description('The members of a set; or whether one is there, with exit code 1 where it is not.')
    .argument('<namespace>', NAMESPACE, parseNamespace)
    .argument('<key>', SET, parseKey)
    .argument('[member]', 'whether this is a member', parseKey)
    .option('--prefix <prefix>', 'only members that begin with this', parseKey)
    .option('--limit <number>', limit, parseCount, SHOWN_DEFAULT)
    .addHelpText(
      'after',
      '\nExamples:\n  trefoil kv members shop customers\n  trefoil kv members shop customers carol --proof --json',
    )
    .action((namespace: string, key: string, named: string | undefined, options: ListOptions & ReadPointOptions) =>
      run(() =>
        named === undefined
          ? listMembers({ namespace, key }, options)
          : member({ namespace, key, member: named }, options),
      ),
    );
