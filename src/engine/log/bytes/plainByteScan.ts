import { bufferBytes, type ByteScan, type VisibleLines } from './byteScan.ts';
import { lower, type NeedleSet } from './needles.ts';

const lineFeed = 10;
const carriageReturn = 13;
const escapes =
  /\u001b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]?|\][^\u0007\u001b\n]{0,4096}(?:\u0007|\u001b\\)?|[ -/]{0,8}[0-Z\\^-~]?)/gu;

/** Where there are no vector instructions. */
export class PlainByteScan implements ByteScan {
  readonly buffers = [Buffer.alloc(bufferBytes), Buffer.alloc(bufferBytes)] as const;

  countLineFeeds(bytes: Uint8Array): number {
    let count = 0;
    for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) {
      count += 1;
    }
    return count;
  }

  visible(lines: Uint8Array): Buffer {
    const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('latin1');
    return withoutReturns(Buffer.from(text.replaceAll(escapes, ''), 'latin1'));
  }

  linesWith(lines: Uint8Array, needles: NeedleSet): Uint32Array {
    return this.visibleWith(lines, needles).numbers;
  }

  visibleWith(lines: Uint8Array, { needles }: NeedleSet): VisibleLines {
    const wanted = needles.map(({ text, anyCase }) => ({
      bytes: Buffer.from(anyCase ? lower(text) : text).toString('latin1'),
      anyCase,
    }));
    const numbers: number[] = [];
    let seen = '';
    const all = this.visible(lines).toString('latin1').split('\n');
    for (const [number, line] of all.entries()) {
      const text = `\n${line}`;
      const small = lower(text);
      if (wanted.some(({ bytes, anyCase }) => (anyCase ? small : text).includes(bytes))) {
        numbers.push(number);
        seen += number === all.length - 1 ? line : `${line}\n`;
      }
    }
    return { numbers: Uint32Array.from(numbers), visible: Buffer.from(seen, 'latin1') };
  }
}

/** In place: takes out the runs of carriage returns before line feeds. */
function withoutReturns(bytes: Buffer): Buffer {
  let to = 0;
  let kept = 0;
  for (const byte of bytes) {
    if (byte === lineFeed) {
      to = kept;
    }
    bytes[to] = byte;
    to += 1;
    kept = byte === carriageReturn ? kept : to;
  }
  return bytes.subarray(0, to);
}
