import { tokenAt } from './bytePattern.ts';

/** Shorter texts are in too many lines. */
const shortest = 2;

/**
 * Texts of which one at least is in whatever a pattern matches; undefined when the pattern says too little of them. `source` is a
 * valid pattern with the flag `u` that `bytePattern` can tell by bytes.
 */
export function requiredTexts(source: string): readonly string[] | undefined {
  const longest: string[] = [''];
  let run = '';
  let depth = 0;
  const endRun = (): void => {
    const last = longest.length - 1;
    longest[last] = run.length > (longest[last] ?? '').length ? run : (longest[last] ?? '');
    run = '';
  };
  for (let at = 0; at < source.length;) {
    const token = tokenAt(source, at);
    at += token.length;
    const character = depth === 0 ? characterOf(token) : undefined;
    if (character === undefined || /^[*?]|^\{\d/u.test(source.slice(at))) {
      endRun();
    } else {
      run += character;
    }
    depth += token.startsWith('(') ? 1 : token === ')' ? -1 : 0;
    if (token === '|' && depth === 0) {
      longest.push('');
    }
  }
  endRun();
  return longest.every((text) => text.length >= shortest) ? longest : undefined;
}

/** The character that a token stands for; undefined for all that stands for something else. */
function characterOf(token: string): string | undefined {
  if (/^\\[$^\\.*+?()[\]{}|/]$/u.test(token)) {
    return token.slice(1);
  }
  return /^[^\0-\x1f\x7f$^\\.*+?()[\]{}|]$/u.test(token) ? token : undefined;
}
