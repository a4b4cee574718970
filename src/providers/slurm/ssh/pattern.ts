/** Whether text is what a pattern of ssh_config(5) or sshd(8) says, in which `*` is anything and `?` any one character. */
export function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern
    .replaceAll(/\*+/gu, '*')
    .replaceAll(/[.+^${}()|[\]\\/-]/gu, (sign) => `\\${sign}`)
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`, 'u').test(text);
}

/** Whether one pattern of a list fits and none that is negated with `!` does. */
export function matchesPatternList(text: string, patterns: readonly string[]): boolean {
  const negated = patterns.filter((pattern) => pattern.startsWith('!'));
  return (
    !negated.some((pattern) => matchesPattern(text, pattern.slice(1))) &&
    patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(text, pattern))
  );
}
