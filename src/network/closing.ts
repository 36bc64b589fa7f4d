/** How a connection ends: with a goodbye, or at once. */
import type { Connection } from '@libp2p/interface';
import { CLOSE_MS_MAX } from './limits.ts';

export async function closeGently(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(CLOSE_MS_MAX) });
  } catch {
    cut(connection, 'the goodbye took too long');
  }
}

/** Cuts the connection as soon as libp2p is done with its present event: from within, it would go on to write to what is
 *  closed, and throw where nobody catches. */
export function cut(connection: Connection, reason: string): void {
  queueMicrotask(() => {
    try {
      connection.abort(new Error(reason));
    } catch {
      // A layer of the connection was closed already, and the layers below it then are too.
    }
  });
}
