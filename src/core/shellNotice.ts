import { shellQuote } from './shellQuote.ts';

/**
 * A line that says something to whoever reads a command and does nothing, in sh, bash and zsh alike. It is no comment, because
 * an interactive zsh, the shell of macOS, runs what follows `#` as a command. Whatever is no visible character becomes a space.
 */
export function shellNotice(text: string): string {
  return `: ${shellQuote(text.replaceAll(/[\p{C}\p{Z}]+/gu, ' '))}\n`;
}
