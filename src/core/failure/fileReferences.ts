/** A place in a file that a line of text names. */
export interface FileReference {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number | null;
  /** Columns of the reference in the text, the end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Only files of code and configuration: a name with a colon and a number is otherwise an address, a ratio or a time. */
const CODE =
  /\.(?:py|pyi|pyx|pxd|cu|cuh|c|cc|cpp|cxx|h|hh|hpp|hxx|inl|rs|go|jl|js|mjs|cjs|jsx|ts|mts|tsx|java|kt|scala|lua|rb|m|mm|f90|f|S|proto|sh|bash|yaml|yml|toml|json|jsonl|cfg|ini|txt|md|rst|ipynb|mlir|sbatch|slurm|cmake|gin|bzl)$/;
const QUOTED = 'File "';
const LINE_AFTER_QUOTE = /^", line (\d{1,9})(?!\w)/;
/** Of the text after a path: a line, perhaps a column, and nothing that would make it a time, a decimal or a word. */
const COLON = /^:(\d{1,7})(?::(\d{1,6}))?(?![\w%]|:\d|\.\d)/;
/** As nvcc writes it. */
const PARENTHESES = /^\((\d{1,7})(?:,(\d{1,6}))?\): /;
const LONGEST_PATH = 1024;

/** The places in files that a visible line names, from left to right. Takes time in proportion to the line's length. */
export function fileReferences(text: string): FileReference[] {
  const found: FileReference[] = [];
  let from = 0;
  while (from < text.length) {
    const quoted = text.indexOf(QUOTED, from);
    const until = quoted === -1 ? text.length : quoted;
    addBare(found, text, from, until);
    if (quoted === -1) break;
    from = addQuoted(found, text, quoted + QUOTED.length);
  }
  return found;
}

/** A path in the quotes of a traceback, which may have spaces. Returns where to go on. */
function addQuoted(found: FileReference[], text: string, start: number): number {
  const close = text.indexOf('"', start);
  if (close === -1) return start;
  const path = text.slice(start, Math.min(close, start + LONGEST_PATH));
  const [whole, digits] = LINE_AFTER_QUOTE.exec(text.slice(close, close + 24)) ?? [];
  const line = Number(digits);
  if (whole === undefined || !(line > 0) || path === '' || path.startsWith('<') || close - start > LONGEST_PATH)
    return start;
  const end = close + whole.length;
  found.push({ path, line, column: null, start, end });
  return end;
}

/** Paths without quotes, between two columns. */
function addBare(found: FileReference[], text: string, from: number, until: number): void {
  let start = from;
  for (let at = from; at < until; at += 1) {
    const code = text.charCodeAt(at);
    const isSeparator = code === 58 || code === 40;
    if (isSeparator && isDigit(text.charCodeAt(at + 1))) {
      const reference = bareReference(text, start, at);
      if (reference !== null) {
        found.push(reference);
        at = reference.end - 1;
      }
      start = at + 1;
    } else if (!isOfPath(code) && !(code === 58 && isDrive(text, start, at))) {
      start = at + 1;
    }
  }
}

function bareReference(text: string, start: number, end: number): FileReference | null {
  if (end - start > LONGEST_PATH || end === start) return null;
  const path = text.slice(start, end);
  const isAddress =
    path.startsWith('//') || (start > 0 && '@:'.includes(text.charAt(start - 1)) && path.startsWith('/'));
  if (isAddress || !CODE.test(path) || /(?:^|[/\\])\.[^./\\]*$/.test(path)) return null;
  const after = text.slice(end, end + 20);
  const [whole, line, column] = COLON.exec(after) ?? PARENTHESES.exec(after) ?? [];
  if (whole === undefined || !(Number(line) > 0)) return null;
  const length = text.charAt(end) === '(' ? whole.length - 2 : whole.length;
  return { path, line: Number(line), column: column === undefined ? null : Number(column), start, end: end + length };
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Letters, digits and what paths have between them; nothing that quotes, brackets or draws boxes. */
function isOfPath(code: number): boolean {
  if (code > 127) return !(code >= 0x2190 && code <= 0x2bff) && code !== 0xa0 && code !== 0x3000;
  if (isDigit(code) || (code >= 64 && code <= 90) || (code >= 97 && code <= 122)) return true;
  return (
    code === 46 ||
    code === 47 ||
    code === 92 ||
    code === 95 ||
    code === 45 ||
    code === 126 ||
    code === 43 ||
    code === 37
  );
}

/** The colon in `C:\train.py` and `C:/train.py`. */
function isDrive(text: string, start: number, colon: number): boolean {
  return colon - start === 1 && /[A-Za-z]/.test(text.charAt(start)) && /[\\/]/.test(text.charAt(colon + 1));
}
