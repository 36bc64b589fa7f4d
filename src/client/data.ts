/** Reads of what stands in namespaces, as of a final block. */
import {
  counterSchema,
  entriesSchema,
  entrySchema,
  historySchema,
  memberSchema,
  membersSchema,
  namespaceSchema,
} from '../api/data.ts';
import { entriesPath, keyPath, namespacePath } from '../api/routes.ts';
import type { DataKey } from '../ledger/data/entry.ts';
import type { MemberKey } from '../ledger/data/member.ts';
import { read, requireSame } from './answers.ts';
import {
  type CounterTold,
  counterFromJson,
  type EntryTold,
  entryFromJson,
  type MemberTold,
  memberFromJson,
  type NamespaceTold,
  namespaceFromJson,
  type Stored,
  storedFromJson,
  verifyCounter,
  verifyEntry,
  verifyMember,
  verifyNamespace,
} from './data-values.ts';
import type { Answer } from './endpoint.ts';
import { badResponse, ClientError } from './errors.ts';
import { millisecondsOf, type ReadOptions, type StateReads } from './state-reads.ts';

type Query = Parameters<typeof namespacePath>[1];

export interface ListOptions extends Pick<ReadOptions, 'height' | 'time'> {
  /** Only what begins with this. */
  readonly prefix?: string;
  /** Entries in a page, at most 1,000. */
  readonly pageLimit?: number;
}

/** Part of a list. All parts are of the same final block. */
export interface ListPage<T> {
  /** Of that block. */
  readonly height: number;
  /** May be few, or none, with more to come. */
  readonly items: readonly T[];
}

/** What stood under a key from the block of a height on. */
export interface VersionTold extends Stored {
  readonly height: number;
}

/**
 * All methods throw ClientError: a node's refusal with its problem, UNREACHABLE, TIMED_OUT or BAD_RESPONSE; with a proof also BAD_PROOF,
 * what the node said is not what it proved, and NO_GENESIS, there is nothing to check it by; BAD_KEY, that key cannot stand in a path.
 */
export class DataReads {
  readonly #reads: StateReads;

  constructor(reads: StateReads) {
    this.#reads = reads;
  }

  namespace(name: string, options: ReadOptions = {}): Promise<NamespaceTold> {
    return this.#reads.read(
      {
        path: (query) => namespacePath(inPath(name), query),
        schema: namespaceSchema,
        of: (json, answer) => {
          requireSame(answer, 'namespace', json.name, name);
          return namespaceFromJson(json);
        },
        verify: verifyNamespace,
      },
      options,
    );
  }

  entry(namespace: string, key: string, options: ReadOptions = {}): Promise<EntryTold> {
    const asked = { namespace, key };
    return this.#reads.read(
      {
        path: (query) => pathOf('entry', asked, query),
        schema: entrySchema,
        of: (json, answer) => {
          requireKey(answer, json, asked);
          return entryFromJson(json) ?? notBase64(answer);
        },
        verify: verifyEntry,
      },
      options,
    );
  }

  counter(namespace: string, key: string, options: ReadOptions = {}): Promise<CounterTold> {
    const asked = { namespace, key };
    return this.#reads.read(
      {
        path: (query) => pathOf('counter', asked, query),
        schema: counterSchema,
        of: (json, answer) => {
          requireKey(answer, json, asked);
          return counterFromJson(json);
        },
        verify: verifyCounter,
      },
      options,
    );
  }

  /** Whether this is a member of a set. */
  member({ namespace, key, member }: MemberKey, options: ReadOptions = {}): Promise<MemberTold> {
    const asked = { namespace, key };
    return this.#reads.read(
      {
        path: (query) => pathOf('set', asked, { ...query, member }),
        schema: memberSchema,
        of: (json, answer) => {
          requireKey(answer, json, asked);
          requireSame(answer, 'member', json.member, member);
          return memberFromJson(json);
        },
        verify: verifyMember,
      },
      options,
    );
  }

  /** The entries of a namespace in the order of their keys, page by page. Nothing proves that none is left out. */
  entries(
    namespace: string,
    options: ListOptions = {},
  ): AsyncGenerator<ListPage<Stored & { readonly key: string }>, void> {
    return this.#pages(options, async (query) => {
      const answer = await this.#reads.get(entriesPath(inPath(namespace), query));
      const { namespace: told, height, entries, next } = read(entriesSchema, answer);
      requireSame(answer, 'namespace', told, namespace);
      for (const { key } of entries) requirePrefix(answer, key, options);
      const items = entries.map(({ key, ...json }) => ({ key, ...(storedFromJson(json) ?? notBase64(answer)) }));
      return { answer, height, items, next };
    });
  }

  /** The members of a set in their order, page by page. Nothing proves that none is left out. */
  members(namespace: string, key: string, options: ListOptions = {}): AsyncGenerator<ListPage<string>, void> {
    const asked = { namespace, key };
    return this.#pages(options, async (query) => {
      const answer = await this.#reads.get(pathOf('set', asked, query));
      const { height, members, next, ...told } = read(membersSchema, answer);
      requireKey(answer, told, asked);
      for (const member of members) requirePrefix(answer, member, options);
      return { answer, height, items: members, next };
    });
  }

  /** What stood under a key, the oldest version first, page by page: as far back as the state is kept. */
  history(
    namespace: string,
    key: string,
    options: Pick<ListOptions, 'pageLimit'> = {},
  ): AsyncGenerator<ListPage<VersionTold>, void> {
    const asked = { namespace, key };
    return this.#pages(options, async (query) => {
      const answer = await this.#reads.get(pathOf('history', asked, query));
      const { height, versions, next, ...told } = read(historySchema, answer);
      requireKey(answer, told, asked);
      const items = versions.map(({ height: from, ...json }) => ({
        height: from,
        ...(storedFromJson(json) ?? notBase64(answer)),
      }));
      return { answer, height, items, next };
    });
  }

  async *#pages<T>(
    { height, time, pageLimit: limit, prefix }: ListOptions,
    page: (query: Query) => Promise<ListPage<T> & { readonly answer: Answer; readonly next: string | null }>,
  ): AsyncGenerator<ListPage<T>, void> {
    const timeMs = millisecondsOf(time);
    let expected = typeof height === 'number' ? height : undefined;
    for (let after: string | undefined; ; ) {
      const place = after === undefined ? { height, time: timeMs } : { after };
      const { answer, next, ...told } = await page({ prefix, limit, ...place });
      if (expected !== undefined) requireSame(answer, 'height', told.height, expected);
      expected = told.height;
      yield { height: told.height, items: told.items };
      if (next === null) return;
      if (next === after) throw badResponse(answer.url, 'a list that goes nowhere');
      after = next;
    }
  }
}

const pathOf = (route: Parameters<typeof keyPath>[0], { namespace, key }: DataKey, query: Query): string =>
  keyPath(route, { namespace: inPath(namespace), key: inPath(key) }, query);

/** Neither name nor key is one of these, and a path with one would be that of something else (see keyField). */
function inPath(text: string): string {
  if (text !== '.' && text !== '..' && text !== '') return text;
  throw new ClientError(
    'BAD_KEY',
    `"${text}" cannot stand in the path of a URL`,
    'Nothing is named so: neither ., nor .., nor nothing.',
  );
}

function requireKey(answer: Answer, got: DataKey, asked: DataKey): void {
  requireSame(answer, 'namespace', got.namespace, asked.namespace);
  requireSame(answer, 'key', got.key, asked.key);
}

function requirePrefix({ url }: Answer, text: string, { prefix = '' }: ListOptions): void {
  if (!text.startsWith(prefix)) throw badResponse(url, `the list has "${text}", which does not begin with "${prefix}"`);
}

function notBase64({ url }: Answer): never {
  throw badResponse(url, 'a value is no canonical base64');
}
