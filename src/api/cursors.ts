/**
 * Where lists go on, as text: in the state of which height, and at which text or height. To clients it means nothing; a node says it
 * and takes it back, and any other node of the network takes it too.
 */
import { type Height, height as toHeight } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';

type CursorError = Coded<'BAD_CURSOR'>;

/** No text of a key is longer: a namespace, a key, a member and what stands between them. */
const TEXT_MAX = 512;
const LIST = new RegExp(`^([0-9]{1,15}):([\\x20-\\x7e]{1,${TEXT_MAX}})$`);
const HISTORY = /^([0-9]{1,15}):([0-9]{1,15})$/;

export const formatCursor = ({ height, from }: { readonly height: Height; readonly from: string | Height }): string =>
  `${height}:${from}`;

/** Of a list of entries of the state. Error: BAD_CURSOR. */
export function parseListCursor(text: string): Result<{ readonly height: Height; readonly from: string }, CursorError> {
  const [, height, from] = LIST.exec(text) ?? [];
  return height === undefined || from === undefined
    ? fail('BAD_CURSOR', 'after: no cursor of a list')
    : ok({ height: toHeight(Number(height)), from });
}

/** Of the versions of an entry. Error: BAD_CURSOR. */
export function parseHistoryCursor(
  text: string,
): Result<{ readonly height: Height; readonly from: Height }, CursorError> {
  const [, height, from] = HISTORY.exec(text) ?? [];
  return height === undefined || from === undefined
    ? fail('BAD_CURSOR', 'after: no cursor of a history')
    : ok({ height: toHeight(Number(height)), from: toHeight(Number(from)) });
}
