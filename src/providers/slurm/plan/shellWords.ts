/**
 * The words of a simple shell command: quotes and backslashes as a shell reads them. null when a shell would do more than split it
 * (variables, substitutions, pipes, several commands, patterns, redirections) or a quote is left open.
 */
export function shellWords(text: string): string[] | null {
  const words: string[] = [];
  let current: string | null = null;
  const pattern =
    /\s+|'([^']*)'|"((?:[^"\\$`]|\\[^])*)"|\\([^])|([^\s'"\\$`|&;<>()*?[\]{}~#!\n]+|(?<=\S)[~#!{}]|[{}])/gsuy;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) {
      return null;
    }
    const [whole, single, double, escaped, plain] = match;
    const part = single ?? double?.replaceAll(/\\([\\"$`])/gu, '$1') ?? (escaped === '\n' ? '' : escaped) ?? plain;
    if (part === undefined) {
      if (
        whole.includes('\n') &&
        words.length + (current === null ? 0 : 1) > 0 &&
        text.slice(pattern.lastIndex).trim() !== ''
      ) {
        return null;
      }
      words.push(...(current === null ? [] : [current]));
      current = null;
    } else {
      current = (current ?? '') + part;
    }
  }
  return current === null ? words : [...words, current];
}
