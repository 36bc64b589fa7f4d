/** The operations that there are. */
import { GROWTH_CODES } from './codes.ts';
import { OperationTable } from './operation-table.ts';
import { transfer } from './transfer.ts';

/** One line for each kind. New ones go to the end: in bytes, operations and events begin with the position of their kind here. */
export const OPERATIONS = new OperationTable([transfer], GROWTH_CODES);
