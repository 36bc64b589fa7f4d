/** The runtime's SHA-256: half the time of the portable one. Node only. */
import { hash } from 'node:crypto';
import { installSha256 } from './sha256.ts';

/** For the whole process; call once, before the first hash. Worker threads each need their own call. */
export function installNodeSha256(): void {
  installSha256((bytes) => hash('sha256', bytes, 'buffer'));
}
