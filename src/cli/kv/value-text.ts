/** Values for people. */

/** Characters of a value that a table shows. */
const SHOWN_MAX = 60;

/** The value as text; undefined where it is none, or has characters that could make a terminal show something else. */
export function valueText(value: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
    return /[^\P{Cc}\n\t]|\p{Bidi_Control}/u.test(text.replaceAll('\r\n', '\n')) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** One short line. */
export function describeValue(value: Uint8Array | null): string {
  if (value === null) return 'nothing';
  const text = value.length === 0 ? undefined : valueText(value);
  if (text === undefined) return value.length === 0 ? 'empty' : `${value.length} bytes, no text`;
  const [line = ''] = text.split(/\r?\n/, 1);
  const start = Array.from(line).slice(0, SHOWN_MAX).join('');
  return start === text ? text : `${start}… (${value.length} bytes)`;
}
