/**
 * Text as one word of a POSIX shell command, whatever it holds. Plain words stay as they are, so that commands stay readable.
 * Throws RangeError for a NUL, which no argument can hold.
 */
export function shellQuote(text: string): string {
  if (text.includes('\0')) {
    throw new RangeError('A shell word cannot hold a NUL character.');
  }
  return /^[A-Za-z0-9_./:@%+,-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
