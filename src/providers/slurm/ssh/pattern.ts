/**
 * Whether text is what a pattern of ssh_config(5) or sshd(8) says, in which `*` is anything and `?` any one character. Goes back to
 * the last `*` alone, so that no pattern takes long (a regular expression would).
 */
export function matchesPattern(text: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let starAt = 0;
  let next = 0;
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next;
      starAt = at;
      next += 1;
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      next = star + 1;
    } else {
      return false;
    }
  }
  return /^\**$/u.test(pattern.slice(next));
}

/** Whether one pattern of a list fits and none that is negated with `!` does. */
export function matchesPatternList(text: string, patterns: readonly string[]): boolean {
  const negated = patterns.filter((pattern) => pattern.startsWith('!'));
  return (
    !negated.some((pattern) => matchesPattern(text, pattern.slice(1))) &&
    patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(text, pattern))
  );
}
