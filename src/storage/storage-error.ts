/** Why a store did not open, or no longer works. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** STORE_LOCKED: another process, or this one, has the folder open. STORE_CORRUPT: the files contradict themselves.
 *  STORE_UNREADABLE: the folder cannot be made or read. STORE_BROKEN: a write failed, so nothing more is promised.
 *  STORE_CLOSED: used after `close`. */
export type StorageErrorCode = 'STORE_LOCKED' | 'STORE_CORRUPT' | 'STORE_UNREADABLE' | 'STORE_BROKEN' | 'STORE_CLOSED';
