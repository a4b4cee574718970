import { type StyledText, styledLine } from './ansi.ts';
import type { FileLink } from '../../src/protocol/logView.ts';

/** A stretch of a line with one look and at most one meaning. */
export interface TextRun extends StyledText {
  readonly found: boolean;
  readonly target: RunTarget | null;
}

export type RunTarget =
  | { readonly kind: 'web'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string; readonly line: number };

/** More looks on one line are not drawn; the rest of it is plain. */
const mostRuns = 500;
const webLink = /https?:\/\/[^\s<>"'`\\\u0000-\u001f]{1,2000}/gu;
/** What turns the direction of text around, or cannot be seen: drawn as its code, so that a line cannot pose as another. */
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** The visible text of a line, in runs. `found`: stretches that a search found, `links`: such that open a file; by column, in order. */
export function textRuns(
  text: string,
  links: readonly FileLink[],
  found: readonly (readonly [number, number])[],
): readonly TextRun[] {
  const styled = limited(styledLine(text));
  const visible = styled.map((run) => run.text).join('');
  const targets = [...links.map(fileTarget), ...webTargets(visible)];
  const cuts = new Set<number>();
  for (const { start, end } of targets) {
    cuts.add(start).add(end);
  }
  for (const [start, end] of found) {
    cuts.add(start).add(end);
  }
  const ordered = [...cuts].toSorted((one, other) => one - other);
  const runs: TextRun[] = [];
  let column = 0;
  let next = 0;
  for (const run of styled) {
    const end = column + run.text.length;
    for (let from = column; from < end;) {
      while ((ordered[next] ?? end) <= from && next < ordered.length) {
        next += 1;
      }
      const to = Math.min(end, ordered[next] ?? end);
      const target = targets.find((candidate) => candidate.start <= from && candidate.end >= to)?.target ?? null;
      const isFound = found.some(([start, stop]) => start <= from && stop >= to);
      runs.push({ ...run, text: run.text.slice(from - column, to - column), found: isFound, target });
      from = to;
    }
    column = end;
  }
  return runs;
}

/** Control characters as people can see them; tabs stay. */
export function drawn(text: string): string {
  return text.replaceAll(unseen, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) {
      return String.fromCharCode(0x2400 + code);
    }
    return code === 0x7f ? '\u2421' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

function limited(runs: readonly StyledText[]): readonly StyledText[] {
  if (runs.length <= mostRuns) {
    return runs;
  }
  const rest = runs
    .slice(mostRuns)
    .map((run) => run.text)
    .join('');
  return [...runs.slice(0, mostRuns), { text: rest, classes: [], foreground: null, background: null }];
}

interface Target {
  readonly start: number;
  readonly end: number;
  readonly target: RunTarget;
}

function fileTarget({ start, end, path, line }: FileLink): Target {
  return { start, end, target: { kind: 'file', path, line } };
}

function webTargets(visible: string): readonly Target[] {
  return [...visible.matchAll(webLink)].map((match) => {
    const url = match[0].replace(/[.,;:!?)\]}]+$/u, '');
    return { start: match.index, end: match.index + url.length, target: { kind: 'web', url } };
  });
}
