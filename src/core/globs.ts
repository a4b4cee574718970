/** Whether a path, relative with `/` between its parts, matches a glob; a matched folder stands for everything in it. */
export function matcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.flatMap((glob) => expression(glob) ?? []).map((each) => new RegExp(`^${each}$`, 'su'));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** A glob as a regular expression, without anchors, that means to `grep -E` what `matcher` does; null where it matches no line. */
export function globPattern(glob: string): string | null {
  return /[\r\n]/u.test(glob) ? null : expression(glob);
}

/** The folders in which matches can be: what comes before the first part with a wildcard. */
export function foldersOf(globs: readonly string[]): readonly string[] {
  const starts = globs.filter(staysInside).map((glob) => {
    const parts = clean(glob).split('/');
    const wild = parts.findIndex((part) => /[*?[{]/u.test(part));
    return parts.slice(0, wild === -1 ? parts.length : wild).join('/');
  });
  const all = [...new Set(starts)];
  return all.includes('')
    ? ['']
    : all.filter((one) => !all.some((other) => other !== one && one.startsWith(`${other}/`)));
}

/** False for a glob that could match something outside the folder it starts from. */
export function staysInside(glob: string): boolean {
  return !glob.startsWith('/') && !glob.split('/').includes('..') && !glob.includes('\0');
}

function clean(glob: string): string {
  return glob
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** null for a glob that could match something outside the folder it starts from, or nothing at all. */
function expression(glob: string): string | null {
  const whole = clean(glob);
  if (whole === '' || !staysInside(glob)) {
    return null;
  }
  const parts = whole.split('/').map((part, index, all) => {
    const isLast = index === all.length - 1;
    if (part === '**') {
      return isLast ? '.*' : '([^/]+/)*';
    }
    return partPattern(part) + (isLast ? '' : '/');
  });
  return `${parts.join('')}(/.*)?`;
}

function partPattern(part: string): string {
  return part.replaceAll(/\*+|\?|\[([!^]?)((?:\\.|[^\]\\])+)\]|\{([^{}]*)\}|[\s\S]/gu, (token, not, set, choices) => {
    if (token.startsWith('*')) {
      return '[^/]*';
    }
    if (token === '?') {
      return '[^/]';
    }
    if (typeof set === 'string') {
      return setPattern(Array.from(set), not !== '') ?? Array.from(token, literal).join('');
    }
    if (typeof choices === 'string') {
      return `(${choices.split(',').map(partPattern).join('|')})`;
    }
    return literal(token);
  });
}

/**
 * One of these characters and ranges, or none of them. JavaScript wants backslashes and brackets in a set escaped, which `grep -E` does not
 * know: brackets stand beside the set. null for what is no set, such as a range that runs backwards: its brackets stand for themselves.
 */
function setPattern(characters: readonly string[], isNegated: boolean): string | null {
  const isRangeEnd = (index: number): boolean =>
    (characters[index - 1] === '-' && index > 1) ||
    (characters[index + 1] === '-' && index + 1 < characters.length - 1);
  const code = (index: number): number => characters[index]?.codePointAt(0) ?? 0;
  const isUsable = characters.every((character, index) => {
    const isDash = character === '-' && index > 0 && index < characters.length - 1;
    return isDash ? code(index - 1) <= code(index + 1) : !('[]'.includes(character) && isRangeEnd(index));
  });
  if (!isUsable || (isNegated && characters.includes(']'))) {
    return null;
  }
  const brackets = ['[', ']'].filter((bracket) => characters.includes(bracket));
  const inner = notMisread(characters.filter((character) => !brackets.includes(character))).replaceAll('\\', '\\\\');
  if (isNegated) {
    // A slash before a dash that stands for itself would be the beginning of a range; one such dash is enough.
    return inner.startsWith('-')
      ? `[^${inner.replace(/^(-|[\s\S]*[^-])-$/u, '$1')}${brackets.join('')}/]`
      : `[^${brackets.join('')}/${inner}]`;
  }
  const choices = [...brackets.map(literal), ...(inner === '' ? [] : [inner === '^' ? literal(inner) : `[${inner}]`])];
  return choices.length === 1 ? choices.join('') : `(${choices.join('|')})`;
}

/** A caret at the beginning would negate the set, and colons and the like around it would make it the name of a class. */
function notMisread(characters: readonly string[]): string {
  const [first = '', ...rest] = characters;
  const isMisread = first === '^' || (':.='.includes(first) && first === rest.at(-1));
  // Not after a dash at the end, of which it would make a range.
  return isMisread && rest[0] !== '-'
    ? rest.join('').replace(/(?<=[^-])-$|$/u, (dash) => first + dash)
    : characters.join('');
}

function literal(character: string): string {
  return /[\\^$.*?|+(){}[\]]/u.test(character) ? `\\${character}` : character;
}
