/** What transactions weigh: units of work and space, in which blocks are limited and fees are counted. */
import { BYTES_PER_WEIGHT, OPERATIONS_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_WEIGHT } from './limits.ts';
import type { OperationTable } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';
import type { Transaction } from './transaction.ts';

/** Weight of the lightest transaction, which has one operation. */
export const TRANSACTION_WEIGHT_MIN = TRANSACTION_WEIGHT + OPERATIONS.weightMin;
/** Weight of the heaviest transaction whose operations carry nothing beyond what their kinds always have. */
export const SHORT_TRANSACTION_WEIGHT_MAX = TRANSACTION_WEIGHT + OPERATIONS_MAX * OPERATIONS.shortWeightMax;

/** A bound of the weight of a transaction of these kinds. Its operations share its bytes, and each begins a unit of its own: so it
 *  is by far lighter than sixteen of the heaviest operations. */
export const heaviestOf = ({ weightMax, shortWeightMax }: OperationTable): number =>
  TRANSACTION_WEIGHT +
  Math.min(
    OPERATIONS_MAX * weightMax,
    OPERATIONS_MAX * shortWeightMax +
      Math.floor((TRANSACTION_BYTES_MAX + OPERATIONS_MAX * (BYTES_PER_WEIGHT - 1)) / BYTES_PER_WEIGHT),
  );

export const TRANSACTION_WEIGHT_MAX = heaviestOf(OPERATIONS);

export const weightOf = ({ operations }: Pick<Transaction, 'operations'>, table: OperationTable = OPERATIONS): number =>
  operations.reduce((weight, operation) => weight + table.weightOf(operation), TRANSACTION_WEIGHT);
