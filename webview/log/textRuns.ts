import type { FileLink } from '../../src/protocol/logView.ts';
import { type StyledText, styledLine } from './ansi.ts';
import { hasUnseen } from './drawnText.ts';
import { isWebUrl, webLinks } from './webLinks.ts';

/** A stretch of a line with one look and at most one meaning. */
export interface TextRun extends StyledText {
  readonly found: boolean;
  readonly target: RunTarget | null;
}

export type RunTarget =
  | { readonly kind: 'web'; readonly url: string }
  /** `folder`: what the place as it is printed begins with and need not be seen, as it is not where the file is here; may be ''. */
  | { readonly kind: 'file'; readonly path: string; readonly line: number; readonly folder: string };

/** A shorter folder than this, in characters, is no trouble. */
const shortFolder = 30;

/** From and to, by column, the end excluded. */
export type Stretch = readonly [number, number];

interface Target {
  readonly start: number;
  readonly end: number;
  readonly target: RunTarget;
}

/** The visible text of a line, in runs. `find` gives stretches that a search means; `links`: such that open a file. */
export function textRuns(
  text: string,
  links: readonly FileLink[],
  find: (visible: string) => readonly Stretch[],
): readonly TextRun[] {
  const styled = styledLine(text);
  const visible = styled.map((run) => run.text).join('');
  const found = find(visible);
  const targets = allTargets(styled, visible, links);
  const cuts = [...targets.flatMap(({ start, end }) => [start, end]), ...found.flat()].toSorted(
    (one, other) => one - other,
  );
  const runs: TextRun[] = [];
  let column = 0;
  let next = 0;
  for (const run of styled) {
    const end = column + run.text.length;
    for (let from = column; from < end;) {
      while (next < cuts.length && (cuts[next] ?? 0) <= from) {
        next += 1;
      }
      const to = Math.min(end, cuts[next] ?? end);
      const target = targets.find((candidate) => candidate.start <= from && candidate.end >= to)?.target ?? null;
      const isFound = found.some(([start, stop]) => start <= from && stop >= to);
      runs.push({ ...run, text: run.text.slice(from - column, to - column), found: isFound, target });
      from = to;
    }
    column = end;
  }
  return runs;
}

/** A link into the code comes before one that merely looks like an address. */
function allTargets(styled: readonly StyledText[], visible: string, links: readonly FileLink[]): readonly Target[] {
  const files = links.map(({ start, end, path, line }): Target => ({
    start,
    end,
    target: { kind: 'file', path, line, folder: foreignFolder(visible.slice(start, end), path) },
  }));
  const named: Target[] = [];
  let column = 0;
  for (const { text, url } of styled) {
    if (url !== null && isWebUrl(url) && !hasUnseen(url)) {
      named.push({ start: column, end: column + text.length, target: { kind: 'web', url } });
    }
    column += text.length;
  }
  const plain = webLinks(visible).map(({ start, end, url }): Target => ({ start, end, target: { kind: 'web', url } }));
  return [...files, ...named, ...plain];
}

/** Of a place as it was printed, the folder that ends where the path of the file here begins; '' where that is none or short. */
function foreignFolder(printed: string, path: string): string {
  const plain = printed.replaceAll('\\', '/');
  const parts = path.split(/[/\\]/u).filter((part) => part !== '');
  for (let from = 0; from < parts.length; from += 1) {
    const at = plain.lastIndexOf(`/${parts.slice(from).join('/')}`);
    if (at !== -1) {
      return at < shortFolder ? '' : printed.slice(0, at + 1);
    }
  }
  return '';
}
