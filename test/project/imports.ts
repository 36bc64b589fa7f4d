/**
 * Which modules a source file names: `import … from`, `export … from`, `import '…'` and `import('…')`. A lexer of
 * its own, because it has to see every import, types included, and must never take text in a comment or string for one.
 */

export interface Import {
  /** As written; undefined for `import(expression)`, which cannot be read from the text. */
  readonly specifier: string | undefined;
  /** From 1. */
  readonly line: number;
}

interface Token {
  readonly kind: 'word' | 'string' | 'mark';
  readonly text: string;
  readonly line: number;
}

/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /^(?:[(,=:[!&|?{};+\-*%<>~^]|return|typeof|case|in|of|do|else|void|delete|throw|await|yield)$/;

/** Tried in this order at each position. Templates are taken apart below: their `${…}` can hold an `import(…)`. */
const SPACE = /\s+/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const STRING = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y;
const TEMPLATE_PART = /(?:[^`\\$]|\\[^]|\$(?!\{))*(`|\$\{)/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const WORD = /[\w$#]+/y;

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  /** One entry for each open template: how many braces are open inside its `${`. */
  const templates: number[] = [];
  let at = 0;
  let line = 1;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined) return undefined;
    at += text.length;
    line += text.split('\n').length - 1;
    return text;
  };
  const takeTemplatePart = (): void => {
    const part = take(TEMPLATE_PART);
    if (part === undefined) throw new Error(`line ${line}: template without end`);
    if (part.endsWith('${')) templates.push(0);
  };

  while (at < source.length) {
    if (take(SPACE) !== undefined || take(COMMENT) !== undefined) continue;
    const startLine = line;
    const text = take(STRING);
    if (text !== undefined) {
      tokens.push({ kind: 'string', text: text.slice(1, -1), line: startLine });
      continue;
    }
    const previous = tokens.at(-1);
    const regexMayFollow = previous === undefined || (previous.kind !== 'string' && BEFORE_REGEX.test(previous.text));
    if (source[at] === '/' && regexMayFollow && take(REGEX) !== undefined) {
      tokens.push({ kind: 'string', text: '', line: startLine });
      continue;
    }
    const word = take(WORD);
    if (word !== undefined) {
      tokens.push({ kind: 'word', text: word, line: startLine });
      continue;
    }
    const mark = source[at] as string;
    at += 1;
    const depth = templates.at(-1);
    if (mark === '`') {
      takeTemplatePart();
      tokens.push({ kind: 'string', text: '', line: startLine });
    } else if (mark === '}' && depth === 0) {
      templates.pop();
      takeTemplatePart();
    } else {
      if (depth !== undefined && mark === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && mark === '}') templates[templates.length - 1] = depth - 1;
      tokens.push({ kind: 'mark', text: mark, line: startLine });
    }
  }
  return tokens;
}

export function importsOf(source: string): Import[] {
  const tokens = tokensOf(source);
  const imports: Import[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || tokens[index - 1]?.text === '.') continue;
    if (token.text !== 'import' && token.text !== 'export') continue;
    const named = namedAfter(tokens, index);
    if (named !== null) imports.push({ specifier: named, line: token.line });
  }
  return imports;
}

/** The module that an `import` or `export` at `index` names; undefined where only running the code would tell, null where
 *  it names none. */
function namedAfter(tokens: readonly Token[], index: number): string | undefined | null {
  const isImport = tokens[index]?.text === 'import';
  const next = tokens[index + 1];
  if (isImport && next?.kind === 'string') return next.text;
  if (isImport && next?.text === '(') {
    const argument = tokens[index + 2];
    return argument?.kind === 'string' && argument.text !== '' ? argument.text : undefined;
  }
  if (isImport && next?.text === '.') return null;
  // `import type X, { a as b } from '…'`, `export * as y from '…'`: words, braces, commas and stars, then `from`.
  for (let i = index + 1; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    const following = tokens[i + 1];
    if (token.text === 'from' && following?.kind === 'string') return following.text;
    const belongs = token.kind === 'word' || '{},*'.includes(token.text);
    if (!belongs || (!isImport && DECLARATION.test(token.text))) return null;
  }
  return null;
}

const DECLARATION = /^(?:const|let|function|async|class|abstract|interface|declare|default)$/;
