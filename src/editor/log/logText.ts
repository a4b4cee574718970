import { visibleText } from '../../core/failure/visibleText.ts';
import type { LogRow } from '../../core/logRow.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { RowView } from './rowView.ts';

/** Rows that are read at once. */
const portion = 2_000;

/**
 * The text of rows of a view, as it is seen and whole: without ANSI escapes, of a line that rewrote itself the last version.
 * Yields pieces of about 2,000 lines, each line with a line feed. `numbers`: with the number of each line in front.
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
    const texts: string[] = [];
    for (const found of await log.lines.rowsAt(lines)) {
      const text = await wholeText(log, found);
      texts.push(numbers ? `${String(found.line + 1).padStart(width)}  ${text}\n` : `${text}\n`);
    }
    yield texts.join('');
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

async function wholeText(log: OpenLog, row: LogRow): Promise<string> {
  if (row.gap !== null) {
    return `[${row.gap}]`;
  }
  if (row.cutBytes === 0) {
    return visibleText(row.text);
  }
  const whole = await log.lines.whole(row.line);
  return visibleText(whole?.text.slice(whole.text.lastIndexOf('\n') + 1) ?? row.text);
}
