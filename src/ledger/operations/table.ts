/** The operations that there are. */
import { add } from './add.ts';
import { bond } from './bond.ts';
import { GROWTH_CODES } from './codes.ts';
import { createNamespace } from './create-namespace.ts';
import { deleteEntry } from './delete.ts';
import { insert } from './insert.ts';
import { lease } from './lease.ts';
import { OperationTable } from './operation-table.ts';
import { propose } from './propose.ts';
import { put } from './put.ts';
import { release } from './release.ts';
import { remove } from './remove.ts';
import { requireEntry } from './require.ts';
import { setOwner } from './set-owner.ts';
import { setWriters } from './set-writers.ts';
import { transfer } from './transfer.ts';
import { unbond } from './unbond.ts';
import { unjail } from './unjail.ts';
import { vote } from './vote.ts';
import { withdraw } from './withdraw.ts';

/** One line for each kind. New ones go to the end: in bytes, operations and events begin with the position of their kind here. */
export const OPERATIONS = new OperationTable(
  [
    transfer,
    createNamespace,
    setWriters,
    setOwner,
    put,
    deleteEntry,
    lease,
    release,
    add,
    insert,
    remove,
    requireEntry,
    bond,
    unbond,
    withdraw,
    unjail,
    propose,
    vote,
  ],
  GROWTH_CODES,
);
