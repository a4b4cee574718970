import { visibleText } from '../../core/failure/visibleText.ts';
import type { TextSpan } from './lineReplay.ts';

/** Reads bytes of a stream, fewer where it ends before. */
export type ReadBytes = (stream: number, position: number, length: number) => Promise<Uint8Array>;

type Stretch = Pick<TextSpan, 'stream' | 'start' | 'end'>;

const carriageReturn = 13;
/** Read at once, in bytes. */
const portionBytes = 1024 * 1024;
/** An escape sequence is no longer, in characters. */
const longestEscape = 5_000;

/**
 * The last version of a line of any length as it is seen, in pieces: without escape sequences, and without the carriage returns at its
 * end. Rejects with the system's error.
 */
export async function* lastVersion(
  read: ReadBytes,
  { stream, start, end }: TextSpan,
  portion = portionBytes,
): AsyncIterable<string> {
  const textEnd = await beforeRun(read, { stream, start, end }, portion);
  const textStart = await afterLastReturn(read, { stream, start, end: textEnd }, portion);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let held = '';
  for (let at = textStart; at < textEnd;) {
    const bytes = await read(stream, at, Math.min(portion, textEnd - at));
    if (bytes.byteLength === 0) {
      throw new RangeError(`${textEnd - at} bytes of the log are gone.`);
    }
    at += bytes.byteLength;
    const text = held + decoder.decode(bytes, { stream: at < textEnd });
    const escape = at < textEnd ? text.indexOf('\u001b', text.length - longestEscape) : -1;
    held = escape === -1 ? '' : text.slice(escape);
    yield visibleText(escape === -1 ? text : text.slice(0, escape));
  }
}

/** Where the carriage returns begin that a line ends with. */
async function beforeRun(read: ReadBytes, { stream, start, end }: Stretch, portion: number): Promise<number> {
  for (let last = end; last > start;) {
    const from = Math.max(start, last - portion);
    const bytes = await read(stream, from, last - from);
    const text = bytes.findLastIndex((byte) => byte !== carriageReturn);
    if (text !== -1) {
      return from + text + 1;
    }
    last = from;
  }
  return start;
}

async function afterLastReturn(read: ReadBytes, { stream, start, end }: Stretch, portion: number): Promise<number> {
  for (let last = end; last > start;) {
    const from = Math.max(start, last - portion);
    const at = (await read(stream, from, last - from)).lastIndexOf(carriageReturn);
    if (at !== -1) {
      return from + at + 1;
    }
    last = from;
  }
  return start;
}
