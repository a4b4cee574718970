/** A run of text with one look. */
export interface StyledText {
  readonly text: string;
  /** Class names, empty for plain text. */
  readonly classes: readonly string[];
  /** True colour, as `#rrggbb`; null when the classes say it all. */
  readonly foreground: string | null;
  readonly background: string | null;
}

interface Look {
  foreground: string | null;
  background: string | null;
  readonly flags: Set<string>;
}

/** CSI with its parameters and final letter; OSC up to its end; any other two-character escape; a lone escape. */
const escape = /\u001b(?:\[([0-9;:]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_]|)/gu;
const flagOf: Readonly<Record<number, string>> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  9: 'strike',
};

/**
 * Colours of one line (SGR: 16, 256 and true colour). Every other escape sequence is left out of the text; none can become
 * markup, as this returns text and class names only.
 */
export function styledLine(line: string): readonly StyledText[] {
  if (!line.includes('\u001b')) {
    return [{ text: line, classes: [], foreground: null, background: null }];
  }
  const look: Look = { foreground: null, background: null, flags: new Set() };
  const runs: StyledText[] = [];
  let from = 0;
  const push = (text: string): void => {
    if (text !== '') {
      runs.push(run(text, look));
    }
  };
  for (const match of line.matchAll(escape)) {
    push(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') {
      applySgr(look, (match[1] ?? '').split(/[;:]/u).map(Number));
    }
  }
  push(line.slice(from));
  return runs;
}

function run(text: string, look: Look): StyledText {
  const named = (color: string | null, kind: string): readonly string[] =>
    color === null || color.startsWith('#') ? [] : [`${kind}-${color}`];
  const exact = (color: string | null): string | null => (color?.startsWith('#') === true ? color : null);
  return {
    text,
    classes: [...look.flags, ...named(look.foreground, 'fg'), ...named(look.background, 'bg')],
    foreground: exact(look.foreground),
    background: exact(look.background),
  };
}

function applySgr(look: Look, codes: readonly number[]): void {
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0;
    const flag = flagOf[code];
    if (code === 0) {
      look.foreground = null;
      look.background = null;
      look.flags.clear();
    } else if (flag !== undefined) {
      look.flags.add(flag);
    } else if (code === 22) {
      look.flags.delete('bold');
      look.flags.delete('dim');
    } else if (code > 22 && code < 30) {
      look.flags.delete(flagOf[code - 20] ?? '');
    } else if (code === 38 || code === 48) {
      const [color, used] = extendedColor(codes.slice(index + 1));
      look[code === 38 ? 'foreground' : 'background'] = color;
      index += used;
    } else if (code === 39) {
      look.foreground = null;
    } else if (code === 49) {
      look.background = null;
    } else {
      applyBasicColor(look, code);
    }
  }
}

function applyBasicColor(look: Look, code: number): void {
  const within = (first: number): number | null => (code >= first && code < first + 8 ? code - first : null);
  const normal = within(30) ?? within(40);
  const bright = within(90) ?? within(100);
  const color = normal ?? (bright === null ? null : bright + 8);
  if (color !== null) {
    look[within(30) !== null || within(90) !== null ? 'foreground' : 'background'] = String(color);
  }
}

const hex = (value: number): string => Math.min(255, Math.max(0, value)).toString(16).padStart(2, '0');

/** The colour after 38 or 48, and how many codes it took. */
function extendedColor(codes: readonly number[]): readonly [string | null, number] {
  const [mode, first = 0, second = 0, third = 0] = codes;
  if (mode === 2) {
    return [`#${hex(first)}${hex(second)}${hex(third)}`, 4];
  }
  if (mode !== 5) {
    return [null, 1];
  }
  if (first < 16) {
    return [String(first), 2];
  }
  if (first > 231) {
    const gray = hex(8 + (first - 232) * 10);
    return [`#${gray}${gray}${gray}`, 2];
  }
  const level = (step: number): string => hex(step === 0 ? 0 : 55 + step * 40);
  const cube = first - 16;
  return [`#${level(Math.floor(cube / 36))}${level(Math.floor(cube / 6) % 6)}${level(cube % 6)}`, 2];
}
