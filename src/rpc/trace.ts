/** Looking for bytes in stored blocks: what is not there need not be decoded. */

/** Bytes that stand somewhere in a stored block that has what is looked for; others may have them by chance. */
export interface Trace {
  readonly bytes: Uint8Array;
  /** In its header and receipts; or there or in its body. */
  readonly within: 'record' | 'block';
}

/** Whether the bytes have these among them, in one piece. */
export const contain = (bytes: Uint8Array, wanted: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(wanted) >= 0;
