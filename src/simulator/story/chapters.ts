/** Makes lines of what happened: in as much detail as fits on a screen, with what came again and again told once. */

interface Happening {
  readonly atMs: number;
  /** The highest final one by then. */
  readonly height: number;
}

export interface ViewChapter extends Happening {
  readonly kind: 'view';
  readonly epoch: number;
  readonly view: number;
  /** Null when the view was asked for and never began. */
  readonly primary: number | null;
  /** Slots of the nodes that gave up on the view before, by reason. */
  readonly reasons: Map<string, Set<number>>;
}

interface FaultChapter extends Happening {
  readonly kind: 'fault';
  readonly name: string;
  readonly whom: string;
  /** Null: to the end of all faults. */
  readonly lastedMs: number | null;
}

export type Chapter =
  | ViewChapter
  | FaultChapter
  | (Happening & { readonly kind: 'note'; readonly text: string })
  /** Nothing but blocks. */
  | (Happening & { readonly kind: 'blocks' })
  /** Told in its own line, always. */
  | (Happening & { readonly kind: 'mark'; readonly text: string });

type Kind = Exclude<Chapter['kind'], 'mark'>;

/** Lines of a story, beside those of marks. */
const LINES_MAX = 26;
const COLUMNS = 100;
/** Chapters of one kind within so many seconds become one line: the least that makes the story short enough. */
const SLICES_S = [0, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, Number.POSITIVE_INFINITY];
/** Of what is told in one line, named one by one. */
const NAMED_MAX = 3;

interface Group {
  readonly kind: Chapter['kind'];
  readonly chapters: Chapter[];
}

export function tell(chapters: readonly Chapter[]): readonly string[] {
  const inOrder = chapters.toSorted((a, b) => a.atMs - b.atMs);
  const marks = chapters.filter(({ kind }) => kind === 'mark').length;
  let lines: readonly string[] = [];
  for (const slice of SLICES_S) {
    const groups = grouped(inOrder, slice * 1000);
    // What cannot be short enough is not written out.
    if (groups.length > marks + LINES_MAX && slice !== Number.POSITIVE_INFINITY) continue;
    lines = written(groups);
    if (lines.length <= marks + LINES_MAX) break;
  }
  return lines;
}

function grouped(chapters: readonly Chapter[], sliceMs: number): readonly Group[] {
  const groups: Group[] = [];
  let open = new Map<Kind, Group>();
  let slice: number | null = null;
  for (const chapter of chapters) {
    if (chapter.kind === 'mark') {
      groups.push({ kind: 'mark', chapters: [chapter] });
      open = new Map();
      continue;
    }
    const current = sliceMs === 0 ? chapter.atMs : Math.floor(chapter.atMs / sliceMs);
    if (current !== slice) open = new Map();
    slice = current;
    // Other lines show heights too.
    if (chapter.kind === 'blocks' && open.size > 0) continue;
    const group = open.get(chapter.kind);
    if (group !== undefined) {
      group.chapters.push(chapter);
      continue;
    }
    const first = { kind: chapter.kind, chapters: [chapter] };
    open.set(chapter.kind, first);
    groups.push(first);
  }
  return groups;
}

function written(groups: readonly Group[]): readonly string[] {
  const rows = groups.map(({ chapters }) => ({
    time: timeOf(chapters),
    height: String(chapters[0]?.height ?? 0),
    text: textOf(chapters),
  }));
  const timeWidth = Math.max(4, ...rows.map(({ time }) => time.length));
  const heightWidth = Math.max(6, ...rows.map(({ height }) => height.length));
  const head = (time: string, height: string): string =>
    `${time.padStart(timeWidth)}  ${height.padStart(heightWidth)}  `;
  const room = COLUMNS - timeWidth - heightWidth - 4;
  return [
    `${head('time', 'height')}what happens`,
    ...rows.flatMap(({ time, height, text }) =>
      wrapped(text, room).map((line, index) => (index === 0 ? head(time, height) : head('', '')) + line),
    ),
  ];
}

function timeOf(chapters: readonly Chapter[]): string {
  const [first, last] = [chapters[0], chapters.at(-1)].map((chapter) => ((chapter?.atMs ?? 0) / 1000).toFixed(1));
  return first === last ? `${first} s` : `${first}–${last} s`;
}

function wrapped(text: string, room: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= room || line === '') lines[lines.length - 1] = longer;
    else lines.push(`  ${word}`);
  }
  return lines;
}

function textOf(chapters: readonly Chapter[]): string {
  const views: ViewChapter[] = [];
  const faults: FaultChapter[] = [];
  const texts: string[] = [];
  for (const chapter of chapters) {
    if (chapter.kind === 'view') views.push(chapter);
    else if (chapter.kind === 'fault') faults.push(chapter);
    else texts.push(chapter.kind === 'blocks' ? 'blocks become final' : chapter.text);
  }
  if (views.length > 0) return viewsText(views);
  return faults.length > 0 ? faultsText(faults) : named(texts, '; ');
}

/** Each different one once, and how many more there are. */
function named(texts: readonly string[], separator: string): string {
  const different = [...new Set(texts)];
  const more = different.length - NAMED_MAX;
  return [...different.slice(0, NAMED_MAX), ...(more > 0 ? [`${more} more`] : [])].join(separator);
}

function faultsText(faults: readonly FaultChapter[]): string {
  const [only] = faults;
  if (faults.length === 1 && only !== undefined) {
    const { name, whom, lastedMs } = only;
    return `${name}, ${lastedMs === null ? 'to the end' : `${(lastedMs / 1000).toFixed(1)} s`}: ${whom}`;
  }
  const byName = new Map<string, string[]>();
  for (const { name, whom } of faults) byName.set(name, [...(byName.get(name) ?? []), whom]);
  return [...byName]
    .map(([name, whom]) => `${whom.length > 1 ? `${whom.length} × ` : ''}${name} (${who(whom)})`)
    .join(', ');
}

/** Each by itself when they are few, else all nodes that were ever hit. */
function who(whom: readonly string[]): string {
  const different = new Set(whom);
  if (different.size <= NAMED_MAX) return [...different].join('; ');
  const slots = new Set(whom.flatMap((each) => each.split(/[,|>]/)).map(Number));
  return `among ${slotList(slots)}`;
}

const slotList = (slots: ReadonlySet<number>): string => [...slots].sort((a, b) => a - b).join(',');

const REASONS: Readonly<Record<string, string>> = {
  timeout: 'waited too long',
  'invalid-body': 'got an invalid body',
  censorship: 'missed payments',
};

function viewsText(views: readonly ViewChapter[]): string {
  const begun = views.filter(({ primary }) => primary !== null);
  const epochs = new Set(views.map(({ epoch }) => epoch));
  const reasons = new Map<string, Set<number>>();
  for (const each of views)
    for (const [reason, slots] of each.reasons)
      reasons.set(reason, new Set([...(reasons.get(reason) ?? []), ...slots]));
  const why = [...reasons].map(
    ([reason, slots]) => `node${slots.size > 1 ? 's' : ''} ${slotList(slots)} ${REASONS[reason] ?? `(${reason})`}`,
  );
  const list = views.map(({ view }) => view).join(', ');
  const many = views.length > 1;
  const where = epochs.size === 1 && views[0]?.epoch !== 0 ? ` of epoch ${views[0]?.epoch}` : '';
  const primaries = begun.map(({ primary }) => primary).join(', ');
  const what =
    epochs.size > 1
      ? `views change ${begun.length} times, in ${epochs.size} epochs`
      : begun.length === views.length
        ? `view${many ? 's' : ''} ${list}${where} ${many ? 'begin, primaries' : 'begins, primary'} ${primaries}`
        : begun.length === 0
          ? `view${many ? 's' : ''} ${list}${where} never ${many ? 'begin' : 'begins'}`
          : `views ${list}${where}: those of primaries ${primaries} begin`;
  return why.length > 0 ? `${what}: ${why.join(', ')}` : what;
}
