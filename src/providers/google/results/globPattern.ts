/**
 * A glob as a regular expression that means the same to JavaScript and to `grep -E`, without anchors; a matched folder stands for
 * everything in it. null for a glob that could match something outside the folder it starts from, or nothing at all.
 */
export function globPattern(glob: string): string | null {
  const parts = glob.split('/').filter((part) => part !== '' && part !== '.');
  if (glob.startsWith('/') || parts.length === 0 || parts.includes('..') || /[\0\r\n]/u.test(glob)) {
    return null;
  }
  const pattern = parts.map((part, index) => {
    const isLast = index === parts.length - 1;
    if (part === '**') {
      return isLast ? '.*' : '([^/]+/)*';
    }
    return partPattern(part) + (isLast ? '' : '/');
  });
  return `${pattern.join('')}(/.*)?`;
}

/** Whether a path, relative with `/` between its parts, matches one of the globs. */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.flatMap((glob) => globPattern(glob) ?? []).map((each) => new RegExp(`^${each}$`, 'su'));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function partPattern(part: string): string {
  return part.replaceAll(/\*+|\?|\[([!^]?)([^\][\\/]+)\]|\{([^{}]*)\}|[\s\S]/gu, (token, not, set, choices) => {
    if (token.startsWith('*')) {
      return '[^/]*';
    }
    if (token === '?') {
      return '[^/]';
    }
    if (typeof set === 'string' && !isSet(set)) {
      return Array.from(token, literal).join('');
    }
    if (typeof set === 'string') {
      return not === '' ? `[${set}]` : `[^${set}/]`;
    }
    if (typeof choices === 'string') {
      return `(${choices.split(',').map(partPattern).join('|')})`;
    }
    return literal(token);
  });
}

/**
 * Whether what stands in brackets is a set to JavaScript and to `grep -E` alike. A range that runs backwards, or what could be the name
 * of a class, would make the whole expression invalid: such brackets stand for themselves.
 */
function isSet(set: string): boolean {
  const characters = Array.from(set);
  const code = (index: number): number => characters[index]?.codePointAt(0) ?? 0;
  const isInOrder = characters.every(
    (character, index) =>
      character !== '-' || index === 0 || index === characters.length - 1 || code(index - 1) <= code(index + 1),
  );
  return isInOrder && !/^([:.=]).*\1$/su.test(set);
}

function literal(character: string): string {
  return /[\\^$.*?|+(){}[\]]/u.test(character) ? `\\${character}` : character;
}
