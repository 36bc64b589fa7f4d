/** Ties a session to a libp2p stream, by its events: the iterators of the library cost twice the time. */
import type { Stream } from '@libp2p/interface';
import type { Session } from './session.ts';

/** Refuses the stream if the session is over or has one. */
export function attach(session: Session, stream: Stream): void {
  if (!session.attachable) return stream.abort(new Error('unexpected stream'));
  const closed = (error?: Error): void => session.end('CLOSED', error?.message ?? 'closed by the peer');
  stream.addEventListener('message', ({ data }) => {
    if (data instanceof Uint8Array) return session.receive(data);
    for (const chunk of data) session.receive(chunk);
  });
  // Neither is the moment to send: libp2p is inside its own send then. The session writes in a later turn.
  stream.addEventListener('drain', () => session.writable());
  stream.addEventListener('idle', () => session.writable());
  stream.addEventListener('remoteCloseWrite', () => closed());
  stream.addEventListener('close', ({ error }) => closed(error));
  session.attach({
    send(bytes) {
      try {
        stream.send(bytes);
      } catch (error) {
        closed(error instanceof Error ? error : undefined);
      }
    },
    hold(held) {
      if (stream.readStatus !== 'readable' && stream.readStatus !== 'paused') return;
      if (held) stream.pause();
      else stream.resume();
    },
    full: () => stream.writableNeedsDrain || stream.writeBufferLength > 0,
  });
}
