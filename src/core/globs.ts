/** Whether a path, relative with `/` between its parts, matches a glob; a matched folder stands for everything in it. */
export function matcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.filter(staysInside).map((glob) => new RegExp(`^(?:${translate(clean(glob))})(?:/.*)?$`, 'su'));
  return (path) => patterns.some((pattern) => pattern.test(path));
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

function translate(glob: string): string {
  return glob
    .split('/')
    .map((part, index, parts) => {
      if (part === '**') {
        return index === parts.length - 1 ? '.*' : '(?:[^/]+/)*';
      }
      return translatePart(part) + (index === parts.length - 1 ? '' : '/');
    })
    .join('');
}

function translatePart(part: string): string {
  return part.replaceAll(/\*+|\?|\[(!|\^)?((?:\\.|[^\]\\])+)\]|\{([^{}]*)\}|[\s\S]/gu, (token, not, set, choices) => {
    if (token.startsWith('*')) {
      return '[^/]*';
    }
    if (token === '?') {
      return '[^/]';
    }
    if (typeof set === 'string') {
      return `[${typeof not === 'string' ? '^' : ''}${set.replaceAll(/[\\\]^[]/gu, String.raw`\$&`)}]`;
    }
    if (typeof choices === 'string') {
      return `(?:${choices.split(',').map(translatePart).join('|')})`;
    }
    return token.replace(/[\\^$.|+(){}[\]]/u, String.raw`\$&`);
  });
}
