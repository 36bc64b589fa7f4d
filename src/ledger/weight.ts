/** What transactions weigh: units of work and space, in which blocks are limited and fees are counted. */
import { OPERATIONS_MAX, TRANSACTION_WEIGHT } from './limits.ts';
import type { OperationTable } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';
import type { Transaction } from './transaction.ts';

/** Weight of the lightest transaction, which has one operation. */
export const TRANSACTION_WEIGHT_MIN = TRANSACTION_WEIGHT + OPERATIONS.weightMin;
/** Weight of the heaviest transaction. */
export const TRANSACTION_WEIGHT_MAX = TRANSACTION_WEIGHT + OPERATIONS_MAX * OPERATIONS.weightMax;

export const weightOf = ({ operations }: Transaction, table: OperationTable = OPERATIONS): number =>
  operations.reduce((weight, operation) => weight + table.kindOf(operation).weight, TRANSACTION_WEIGHT);
