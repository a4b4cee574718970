import { GoogleApiError } from './apiError.ts';
import { parseNanos } from './time.ts';

/** What a field of a thing is: a text, a time in ns since 1970, or nothing. */
export type FieldValue = string | bigint | undefined;
export type Resolve = (path: string) => FieldValue;
export type Filter = (resolve: Resolve) => boolean;

const token =
  /\s*(?:(?<text>"(?:[^"\\]|\\.)*")|(?<operator><=|>=|!=|[=<>:])|(?<bracket>[()])|(?<word>[^\s()=<>:!"]+))/uy;

/**
 * The part of the filter languages of Vertex AI and Cloud Logging that both share: comparisons with AND, OR, NOT and brackets, and
 * `field=("a" OR "b")`. Comparisons side by side are joined by AND.
 */
export function parseFilter(text: string): Filter {
  const parser = new Parser(text);
  return parser.parse();
}

interface Token {
  readonly kind: 'text' | 'operator' | 'bracket' | 'word';
  readonly value: string;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  parse(): Filter {
    if (this.#tokens.length === 0) {
      return () => true;
    }
    const filter = this.#either();
    if (this.#at < this.#tokens.length) {
      throw invalid(`unexpected "${this.#tokens[this.#at]?.value ?? ''}"`);
    }
    return filter;
  }

  // OR binds more tightly than AND in both languages.
  #either(): Filter {
    const parts = [this.#alternatives()];
    while (this.#at < this.#tokens.length && !this.#isNext(')')) {
      this.#take('AND');
      parts.push(this.#alternatives());
    }
    return (resolve) => parts.every((part) => part(resolve));
  }

  #alternatives(): Filter {
    const parts = [this.#single()];
    while (this.#take('OR')) {
      parts.push(this.#single());
    }
    return (resolve) => parts.some((part) => part(resolve));
  }

  #single(): Filter {
    if (this.#take('NOT')) {
      const inner = this.#single();
      return (resolve) => !inner(resolve);
    }
    if (this.#take('(')) {
      const inner = this.#either();
      this.#expect(')');
      return inner;
    }
    const path = this.#value();
    const operator = this.#next();
    if (operator.kind !== 'operator') {
      throw invalid(`expected an operator after "${path}"`);
    }
    const values = this.#values();
    return (resolve) => {
      const actual = resolve(path);
      const isSome = values.some((value) => compare(actual, operator.value === '!=' ? '=' : operator.value, value));
      return operator.value === '!=' ? !isSome : isSome;
    };
  }

  #values(): readonly string[] {
    if (!this.#take('(')) {
      return [this.#value()];
    }
    const values = [this.#value()];
    while (this.#take('OR')) {
      values.push(this.#value());
    }
    this.#expect(')');
    return values;
  }

  #value(): string {
    const { kind, value } = this.#next();
    if (kind === 'operator' || kind === 'bracket') {
      throw invalid(`unexpected "${value}"`);
    }
    return kind === 'text' ? value.slice(1, -1).replaceAll(/\\(.)/gu, '$1') : value;
  }

  #next(): Token {
    const next = this.#tokens[this.#at];
    if (next === undefined) {
      throw invalid('unexpected end');
    }
    this.#at += 1;
    return next;
  }

  #isNext(value: string): boolean {
    const next = this.#tokens[this.#at];
    return next?.kind !== 'text' && next?.value === value;
  }

  #take(value: string): boolean {
    const isThere = this.#isNext(value);
    this.#at += isThere ? 1 : 0;
    return isThere;
  }

  #expect(value: string): void {
    if (!this.#take(value)) {
      throw invalid(`expected "${value}"`);
    }
  }
}

function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let end = 0;
  while (text.slice(end).trim() !== '') {
    token.lastIndex = end;
    const groups = token.exec(text)?.groups;
    const [kind, value] = Object.entries(groups ?? {}).find(([, part]) => part !== undefined) ?? [];
    if (kind === undefined || value === undefined) {
      throw invalid(`unexpected "${text.slice(end, end + 1)}"`);
    }
    found.push({ kind: kind as Token['kind'], value });
    end = token.lastIndex;
  }
  return found;
}

function compare(actual: FieldValue, operator: string, value: string): boolean {
  if (actual === undefined) {
    return false;
  }
  if (operator === ':') {
    const wanted = value.replaceAll('*', '').toLowerCase();
    return String(actual).toLowerCase().includes(wanted);
  }
  const order =
    typeof actual === 'bigint'
      ? Number(actual - (parseNanos(value) ?? 0n))
      : actual < value
        ? -1
        : actual > value
          ? 1
          : 0;
  switch (operator) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

function invalid(why: string): GoogleApiError {
  return new GoogleApiError('INVALID_ARGUMENT', `Unparseable filter: ${why}.`);
}
