/** Not to be shown: control characters, and those that turn the direction of what follows them or are not seen at all. */
const unseen = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]+/gu;

/** Text from a log as a single line of at most so many characters. */
export function oneLine(text: string, most: number): string {
  const line = text
    .slice(0, 4 * most)
    .replaceAll(unseen, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}

/** Text from a log as Markdown that shows it letter by letter, whatever it holds. */
export function codeBlock(text: string, most: number): string {
  const shown = text.length <= most ? text : `${text.slice(0, most)}…`;
  const lines = shown.split('\n').map((line) => line.replaceAll(unseen, ' ').trimEnd());
  const longestRun = Math.max(2, ...[...shown.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = '`'.repeat(longestRun + 1);
  return `${fence}text\n${lines.join('\n')}\n${fence}`;
}

/** The same within a sentence or the label of a link. */
export function codeSpan(text: string, most: number): string {
  // An icon is named `$(so)`, in code as well, and a backtick would end the span.
  const line = oneLine(text, most).replaceAll('$(', '$ (').replaceAll('`', "'");
  return line === '' ? '' : `\` ${line} \``;
}

/** A link of Markdown that runs a command; `label` is Markdown. */
export function commandLink(label: string, command: string, args: readonly unknown[]): string {
  const query = encodeURIComponent(JSON.stringify(args)).replaceAll(
    /[()'!*~]/gu,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return `[${label}](command:${command}?${query})`;
}

/** A notification makes links of `[text](target)`; what others named stays text. */
export function plain(text: string): string {
  return text.replaceAll('](', '] (');
}
