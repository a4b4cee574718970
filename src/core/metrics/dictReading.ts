import type { Candidate, Span } from './lineReading.ts';
import { metricName, nameKind } from './metricName.ts';
import { isPrintedNumber } from './printedNumber.ts';

/** Entries of a JSON object or a Python dict on one line. */
export interface DictEntries {
  readonly candidates: readonly Candidate[];
  /** All keys that were looked at. */
  readonly keys: readonly Span[];
}

const opening = /(?<![^ \t:|\]>])\{[ \t]*["']/u;
const ending = /\}[ \t]*$/u;
const token =
  /[ \t]*(?:(?<mark>[{}[\],:])|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|(?<bare>[^ \t{}[\],:"']+))/uy;
const plainKey = /^[A-Za-z][\w@./%() -]*$/u;
const wrapped = /^(?:np\.float\d*|np\.int\d*|tensor)\((.*)\)$/u;

/**
 * Reads the dict that a line ends with, if it does; undefined when it does not or the text is none. Dicts within become
 * `outer/inner`, one level deep; what is deeper or in a list is left out.
 */
export function readDict(text: string): DictEntries | undefined {
  const start = dictStart(text);
  return start === undefined ? undefined : entriesFrom(text, start);
}

function dictStart(text: string): number | undefined {
  // Spaces are looked at from one brace on only: no text makes this slow.
  return ending.test(text.slice(text.lastIndexOf('}'))) ? opening.exec(text)?.index : undefined;
}

function entriesFrom(text: string, start: number): DictEntries | undefined {
  const candidates: Candidate[] = [];
  const keys: Span[] = [];
  const open: string[] = [];
  const path: string[] = [];
  let key: string | undefined;
  let afterColon = false;
  token.lastIndex = start;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const { mark, double, single, bare } = found.groups ?? {};
    const quoted = double ?? single;
    const end = token.lastIndex - (quoted === undefined ? 0 : 1);
    const span = { start: end - (quoted ?? bare ?? '').length, end };
    if (mark === '{' || mark === '[') {
      open.push(mark);
      path.push(key ?? '');
      key = undefined;
      afterColon = false;
    } else if (mark === '}' || mark === ']') {
      open.pop();
      path.pop();
      key = undefined;
      afterColon = false;
      if (open.length === 0) {
        return { candidates, keys };
      }
    } else if (mark === ',') {
      key = undefined;
      afterColon = false;
    } else if (mark === ':') {
      afterColon = key !== undefined;
    } else if (afterColon && key !== undefined) {
      const value = numberSpan(text, span);
      if (value !== undefined && open.length <= 2 && !open.includes('[')) {
        const outer = path
          .slice(1)
          .map((name) => `${name}/`)
          .join('');
        const name = `${outer}${key}`;
        candidates.push({
          name,
          kind: nameKind(name),
          span: value,
          power: 0,
          inverse: false,
          separated: true,
          tight: false,
        });
      }
      afterColon = false;
    } else if (quoted !== undefined) {
      keys.push(span);
      key = plainKey.test(quoted) ? metricName(quoted) : undefined;
    }
  }
  return undefined;
}

function numberSpan(text: string, { start, end }: Span): Span | undefined {
  const value = text.slice(start, end);
  if (isPrintedNumber(value)) {
    return { start, end };
  }
  const inner = wrapped.exec(value)?.[1];
  if (inner === undefined || !isPrintedNumber(inner)) {
    return undefined;
  }
  return { start: end - 1 - inner.length, end: end - 1 };
}
