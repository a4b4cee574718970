type Flag = 'bold' | 'dim' | 'italic' | 'underline' | 'inverse' | 'concealed' | 'strike' | 'overline';

/** How text looks. Colours: `0` to `15` for the theme's own, else `#rrggbb`; null is the default. */
export interface Look {
  readonly foreground: string | null;
  readonly background: string | null;
  readonly flags: readonly Flag[];
}

export const plainLook: Look = { foreground: null, background: null, flags: [] };

const set: ReadonlyMap<number, Flag> = new Map([
  [1, 'bold'],
  [2, 'dim'],
  [3, 'italic'],
  [4, 'underline'],
  [7, 'inverse'],
  [8, 'concealed'],
  [9, 'strike'],
  [21, 'underline'],
  [53, 'overline'],
]);
const unset: ReadonlyMap<number, readonly Flag[]> = new Map<number, readonly Flag[]>([
  [22, ['bold', 'dim']],
  [23, ['italic']],
  [24, ['underline']],
  [27, ['inverse']],
  [28, ['concealed']],
  [29, ['strike']],
  [55, ['overline']],
]);

/** Looks that a sequence gives to plain text, by its parameters: they are few, and come again and again. */
const begun = new Map<string, Look>();
const mostBegun = 1_000;

/** The look after the parameters of an SGR sequence (`1;38;5;7`, `4:3`). What is not known changes nothing. */
export function applySgr(before: Look, parameters: string): Look {
  if (before !== plainLook) {
    return parameters === '' || parameters === '0' ? plainLook : changed(before, parameters);
  }
  const look = begun.get(parameters) ?? changed(before, parameters);
  if (begun.size < mostBegun) {
    begun.set(parameters, look);
  }
  return look;
}

function changed(before: Look, parameters: string): Look {
  if (/[<=>?]/u.test(parameters)) {
    return before;
  }
  const codes = parameters.split(';');
  let look = before;
  for (let index = 0; index < codes.length; index += 1) {
    const [code = 0, ...parts] = (codes[index] ?? '').split(':').map(Number);
    if (code === 38 || code === 48 || code === 58) {
      const following = codes.slice(index + 1, index + 5).map(Number);
      const [color, used] = parts.length > 0 ? [colorOf(withoutSpace(parts))[0], 0] : colorOf(following);
      index += used;
      look = code === 58 ? look : { ...look, [code === 38 ? 'foreground' : 'background']: color };
    } else {
      look = applyCode(look, code, parts[0]);
    }
  }
  return look;
}

/** Class names, with the colours changed over where the text is inverse. */
export function lookClasses({ foreground, background, flags }: Look): readonly string[] {
  const isInverse = flags.includes('inverse');
  const front = isInverse ? (background ?? 'back') : foreground;
  const back = isInverse ? (foreground ?? 'front') : background;
  const named = (color: string | null, kind: 'fg' | 'bg'): readonly string[] =>
    color === null || color.startsWith('#') ? [] : [`${kind}-${color}`];
  return [...flags.filter((flag) => flag !== 'inverse'), ...named(front, 'fg'), ...named(back, 'bg')];
}

/** A colour that no class stands for; null where there is none. */
export function lookColor(look: Look, side: 'foreground' | 'background'): string | null {
  const other = side === 'foreground' ? 'background' : 'foreground';
  const color = look[look.flags.includes('inverse') ? other : side];
  return color?.startsWith('#') === true ? color : null;
}

function applyCode(look: Look, code: number, part: number | undefined): Look {
  const flag = set.get(code);
  if (code === 0) {
    return plainLook;
  }
  if (flag !== undefined) {
    const rest = look.flags.filter((other) => other !== flag);
    return { ...look, flags: part === 0 ? rest : [...rest, flag] };
  }
  if (code === 39) {
    return { ...look, foreground: null };
  }
  if (code === 49) {
    return { ...look, background: null };
  }
  const gone = unset.get(code);
  return gone === undefined
    ? withThemeColor(look, code)
    : { ...look, flags: look.flags.filter((other) => !gone.includes(other)) };
}

function withThemeColor(look: Look, code: number): Look {
  const within = (first: number): boolean => code >= first && code < first + 8;
  if (within(30) || within(90)) {
    return { ...look, foreground: String(within(30) ? code - 30 : code - 82) };
  }
  if (within(40) || within(100)) {
    return { ...look, background: String(within(40) ? code - 40 : code - 92) };
  }
  return look;
}

/** `2::r:g:b` names a colour space, which nobody uses, before the colour. */
function withoutSpace([mode = 0, ...rest]: readonly number[]): readonly number[] {
  return [mode, ...(mode === 2 && rest.length > 3 ? rest.slice(1) : rest)];
}

const hex = (value: number): string =>
  Math.min(255, Math.max(0, Math.trunc(value) || 0))
    .toString(16)
    .padStart(2, '0');

/** The colour after 38 or 48, and how many numbers it took. */
function colorOf([mode, first = 0, second = 0, third = 0]: readonly number[]): readonly [string | null, number] {
  if (mode === 2) {
    return [`#${hex(first)}${hex(second)}${hex(third)}`, 4];
  }
  if (mode !== 5 || !(first >= 0 && first < 256)) {
    return [null, mode === 5 ? 2 : 1];
  }
  if (first < 16) {
    return [String(Math.trunc(first)), 2];
  }
  if (first > 231) {
    const gray = hex(8 + (first - 232) * 10);
    return [`#${gray}${gray}${gray}`, 2];
  }
  const level = (step: number): string => hex(step === 0 ? 0 : 55 + step * 40);
  const cube = first - 16;
  return [`#${level(Math.floor(cube / 36))}${level(Math.floor(cube / 6) % 6)}${level(cube % 6)}`, 2];
}
