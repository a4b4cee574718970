import { visibleText } from '../../core/failure/visibleText.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { RowView } from './rowView.ts';

/** The name of a file or a tab for a log of this name, which may be a file's; `part` says what of it that holds. */
export function logFileName(name: string, part = ''): string {
  return `${name.replace(/\.log$/iu, '')}${part}.log`;
}

/** Rows that are read at once. */
const portion = 2_000;

/**
 * The text of rows of a view, as it is seen and whole: without ANSI escapes, of a line that rewrote itself the last version.
 * Each line has a line feed; yields pieces of some lines, of a very long line pieces of it. `numbers`: with the number of each line in front.
 */
export async function* rowsText(
  log: OpenLog,
  rows: RowView,
  from: number,
  to: number,
  numbers: boolean,
  signal: AbortSignal,
): AsyncIterable<string> {
  const width = String(log.outline.lines).length;
  for (let row = from; row <= to; row += portion) {
    signal.throwIfAborted();
    const lines = rows.lines(row, Math.min(portion, to + 1 - row), log.outline.lines);
    if (lines.length === 0) {
      return;
    }
    let texts = '';
    for (const found of await log.lines.rowsAt(lines)) {
      texts += numbers ? `${String(found.line + 1).padStart(width)}  ` : '';
      if (found.cutBytes > 0) {
        yield texts;
        yield* log.lines.text(found.line);
        texts = '\n';
      } else {
        texts += `${found.gap === null ? visibleText(found.text) : `[${found.gap}]`}\n`;
      }
    }
    yield texts;
  }
}

/** All pieces as one; undefined as soon as there are more than `most` characters. */
export async function joined(pieces: AsyncIterable<string>, most: number): Promise<string | undefined> {
  const texts: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    texts.push(piece);
    length += piece.length;
    if (length > most) {
      return undefined;
    }
  }
  return texts.join('');
}
