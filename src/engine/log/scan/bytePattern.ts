/**
 * A pattern that finds, in text whose characters are the bytes of UTF-8 and never across lines, every line that `source` finds: on
 * lines of ASCII just those, on others perhaps more. undefined for what cannot be told by bytes: looking around, a counted `.`,
 * other scripts in classes. Not followed: white space and line ends beyond ASCII, and the
 * two letters beyond ASCII that fold to k and s, for which whoever looks for it has to look.
 * `source` is a valid pattern with the flag `u`.
 */
export function bytePattern(source: string, anyCase: boolean): string | undefined {
  let pattern = '';
  for (let at = 0; at < source.length;) {
    const token = tokenAt(source, at);
    const rest = source.slice(at + token.length, at + token.length + 4);
    const bytes = tokenBytes(token, /^(?:[*+]|\{[01],\})/u.test(rest), anyCase);
    if (bytes === undefined) {
      return undefined;
    }
    pattern += bytes;
    at += token.length;
  }
  return pattern;
}

const tokens = /\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:<[\p{ID_Start}$_][\p{ID_Continue}$]*>|:|<?[=!])?|\{\d+(?:,\d*)?\}|./suy;

/** The piece of a pattern that begins at `at`: a character, an escape, a class, what opens a group, a count. */
export function tokenAt(source: string, at: number): string {
  tokens.lastIndex = at;
  return tokens.exec(source)?.[0] ?? source.slice(at, at + 1);
}

const asciiSpace = String.raw`\t\v\f\r `;
const plainEscapes = /^\\[dwbBtvfr^$\\.*+?()[\]{}|/]$/u;
const plainGroup = /^\((?:\?:|\?<[\w$]+>)?$/u;

/** `repeated`: any number of it may come, so that it does not matter how many bytes a character has. */
function tokenBytes(token: string, repeated: boolean, anyCase: boolean): string | undefined {
  if (token.startsWith('[')) {
    return classBytes(token, repeated);
  }
  if (token.startsWith('(')) {
    return plainGroup.test(token) ? token : undefined;
  }
  const any = anyBut.get(token);
  if (any !== undefined) {
    return repeated ? any : undefined;
  }
  if (token.startsWith('\\')) {
    return token === String.raw`\s` ? `[${asciiSpace}]` : plainEscapes.test(token) ? token : undefined;
  }
  if (/^[\0-\x7f]*$/u.test(token)) {
    return token.includes('\n') ? undefined : token;
  }
  return anyCase ? undefined : `(?:${Buffer.from(token).toString('latin1')})`;
}

/** What takes bytes of characters beyond ASCII. */
const anyBut: ReadonlyMap<string, string> = new Map([
  ['.', String.raw`[^\n\r]`],
  [String.raw`\S`, String.raw`[^${asciiSpace}\n]`],
  [String.raw`\W`, String.raw`[^\w\n]`],
  [String.raw`\D`, String.raw`[^\d\n]`],
]);

function classBytes(token: string, repeated: boolean): string | undefined {
  const negated = token.startsWith('[^');
  const content = token.slice(negated ? 2 : 1, -1);
  // A range that begins with a control character may hold the line feed.
  if (!/^[\x20-\x7f]*$/u.test(content) || /\\[tvfn]-|\\[^dwstvfrn^$\\.*+?()[\]{}|/-]/u.test(content)) {
    return undefined;
  }
  const ascii = content.replaceAll(/\\./gu, (escape) => (escape === String.raw`\s` ? asciiSpace : escape));
  if (negated) {
    return repeated ? String.raw`[^${ascii}\n]` : undefined;
  }
  return ascii.includes(String.raw`\n`) ? undefined : `[${ascii}]`;
}
