/** What a new view must propose, as a function of the VIEW-CHANGEs that begin it (Castro & Liskov 1999, 4.4). */
import type { Hash, Height } from '../base/brand.ts';
import { NULL_BODY_HASH } from '../ledger/block.ts';
import type { Certificate } from '../ledger/vote.ts';
import type { PreparedCertificate, SignedViewChange } from './messages.ts';
import { mark } from './marks.ts';

export interface Reproposal {
  readonly height: Height;
  readonly bodyHash: Hash;
}

/** The newest certificate among them; its height is the paper's min-s. Null when they hold none of this epoch. */
export function newestCertificate(viewChanges: readonly SignedViewChange[]): Certificate | null {
  let newest: Certificate | null = null;
  for (const { viewChange } of viewChanges)
    if (viewChange.stable !== null && viewChange.stable.height > (newest?.height ?? 0)) newest = viewChange.stable;
  return newest;
}

/** What is proposed again for each height above the newest certificate, up to the highest that any of them prepared
 *  (max-s): the body that was prepared in the highest view; where none was prepared, the null body (the paper's null request). Ascending, without
 *  gaps. */
export function reproposals(firstHeight: Height, viewChanges: readonly SignedViewChange[]): readonly Reproposal[] {
  const low = newestCertificate(viewChanges)?.height ?? firstHeight - 1;
  const highest = new Map<number, PreparedCertificate>();
  let high = low;
  for (const { viewChange } of viewChanges) {
    for (const prepared of viewChange.prepared) {
      if (prepared.height <= low) continue;
      high = Math.max(high, prepared.height);
      const best = highest.get(prepared.height);
      if (best === undefined || prepared.view > best.view) highest.set(prepared.height, prepared);
    }
  }
  const chosen: Reproposal[] = [];
  for (let height = low + 1; height <= high; height++) {
    const prepared = highest.get(height);
    mark(prepared === undefined ? 'V9' : 'V8');
    chosen.push({ height: height as Height, bodyHash: prepared?.bodyHash ?? NULL_BODY_HASH });
  }
  return chosen;
}
