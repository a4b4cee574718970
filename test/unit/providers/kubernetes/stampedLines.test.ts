import { array, assert, integer, nat, oneof, property, string, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Position,
  positionText,
  readPosition,
  startOf,
} from '../../../../src/providers/kubernetes/logs/position.ts';
import { Resume } from '../../../../src/providers/kubernetes/logs/resume.ts';
import { type LinePart, StampedLines } from '../../../../src/providers/kubernetes/logs/stampedLines.ts';

interface Line {
  /** Nanoseconds since the epoch. */
  readonly at: bigint;
  /** Without the line feed. */
  readonly bytes: Buffer;
}

const noon = 1_795_694_400n * 1_000_000_000n;

function stampText(at: bigint): string {
  const seconds = Number(at / 1_000_000_000n);
  const fraction = String(at % 1_000_000_000n).padStart(9, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** A log as the API hands it out, from a whole second on: that is how `sinceTime` arrives at the node. */
function served(lines: readonly Line[], sinceSeconds = 0n): Buffer {
  return Buffer.concat(
    lines
      .filter(({ at }) => at >= sinceSeconds * 1_000_000_000n)
      .flatMap(({ at, bytes }) => [Buffer.from(`${stampText(at)} `), bytes, Buffer.from('\n')]),
  );
}

function parts(chunks: readonly Buffer[]): LinePart[] {
  const lines = new StampedLines();
  return [...chunks.flatMap((chunk) => [...lines.push(chunk)]), ...lines.end()];
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let index = 0; from < bytes.length; index += 1) {
    const size = (sizes.length === 0 ? 7 : (sizes[index % sizes.length] ?? 0)) + 1;
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  return pieces;
}

function textOf(all: readonly LinePart[]): string {
  return all.map((part) => (part.kind === 'text' ? part.bytes.toString('latin1') : '')).join('');
}

describe('StampedLines', () => {
  it('takes the times off, however the stream is cut', () => {
    const log = served([
      { at: noon, bytes: Buffer.from('first') },
      { at: noon + 1n, bytes: Buffer.from('') },
      { at: noon + 2n, bytes: Buffer.from('with a return\r') },
    ]);
    for (let size = 1; size < log.length; size += 1) {
      expect(textOf(parts(cut(log, [size - 1])))).toBe('first\n\nwith a return\r\n');
    }
  });

  it('reads the times of a node in another zone', () => {
    const all = parts([Buffer.from('2026-11-26T14:00:00.5+02:00 x\n')]);
    expect(all).toMatchObject([{ kind: 'text', stamp: '01795694400500000000' }]);
  });

  it('hands out the beginning of a line that has no end yet', () => {
    const all = parts([Buffer.from(`${stampText(noon)} no end`)]);
    expect(all).toMatchObject([{ kind: 'text', startsLine: true, endsLine: false }]);
    expect(textOf(all)).toBe('no end');
  });

  it('holds back no more than the beginning of a line, however long it is', () => {
    const lines = new StampedLines();
    let bytes = 0;
    for (const chunk of [
      Buffer.from(`${stampText(noon)} `),
      ...Array.from({ length: 100 }, () => Buffer.alloc(65_536, 'x')),
    ]) {
      for (const part of lines.push(chunk)) {
        bytes += part.kind === 'text' ? part.bytes.length : 0;
      }
    }
    expect(bytes).toBe(100 * 65_536);
  });

  it.each([
    'failed to create fsnotify watcher: too many open files',
    'unable to retrieve container logs for containerd://0123456789abcdef\n',
  ])('takes %j, which is the node speaking, for no line of the log', (notice) => {
    const all = parts(
      cut(Buffer.concat([served([{ at: noon, bytes: Buffer.from('output') }]), Buffer.from(notice)]), [3, 9]),
    );
    expect(textOf(all)).toBe('output\n');
    expect(all.at(-1)).toEqual({ kind: 'notice', text: notice.trim() });
  });

  it('says nothing of a time that was cut off', () => {
    expect(parts([Buffer.from('2026-11-26T12:0')])).toEqual([]);
  });
});

/** Reads a log in two goes: the first is cut after so many bytes, the second begins where the first left the reader. */
function inTwoGoes(lines: readonly Line[], cutAfter: number, sizes: readonly number[]): string {
  let position: Position = startOf('uid', '2026-11-26T12:00:00Z');
  let text = '';
  const read = (bytes: Buffer): void => {
    const resume = new Resume(position);
    for (const part of parts(cut(bytes, sizes))) {
      const resumed = part.kind === 'text' ? resume.take(part) : null;
      if (resumed !== null) {
        text += resumed.bytes.toString('latin1');
        expect(resumed.gapBefore).toBeNull();
        const stored = readPosition(positionText(3, resumed.position));
        expect(stored).toEqual({ index: 3, position: resumed.position });
        position = resumed.position;
      }
    }
  };
  read(served(lines).subarray(0, cutAfter));
  const since = position.since === null ? 0n : BigInt(position.since.slice(0, 11));
  read(served(lines, since));
  return text;
}

const anyLines = array(
  uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 ? 11 : byte)))),
  { maxLength: 12 },
).chain((contents) =>
  array(oneof(nat(3), nat(2_000_000_000)), { minLength: contents.length, maxLength: contents.length }).map((steps) => {
    let at = noon;
    return contents.map((bytes, index): Line => {
      at += BigInt(steps[index] ?? 0);
      return { at, bytes };
    });
  }),
);

describe('Resume', () => {
  it('loses and doubles no byte, wherever the stream was cut, though times come again and whole seconds are sent twice', () => {
    assert(
      property(anyLines, nat(), array(nat(20), { maxLength: 4 }), (lines, at, sizes) => {
        const whole = lines.map(({ bytes }) => `${bytes.toString('latin1')}\n`).join('');
        const length = served(lines).length;
        expect(inTwoGoes(lines, length === 0 ? 0 : at % (length + 1), sizes)).toBe(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('loses and doubles no byte after the clock of the node was set back, wherever the stream is cut then', () => {
    const lines = [10n, 20n, 30n, 5n, 6n, 30n, 31n].map((seconds, index) => ({
      at: noon + seconds * 1_000_000_000n,
      bytes: Buffer.from(`line ${index}`),
    }));
    const whole = lines.map(({ bytes }) => `${bytes.toString()}\n`).join('');
    for (let at = served(lines.slice(0, 4)).length; at <= served(lines).length; at += 1) {
      expect(inTwoGoes(lines, at, [])).toBe(whole);
    }
  });

  it('keeps what a node printed after its clock was set back', () => {
    const lines = [10n, 20n, 30n].map((seconds) => ({
      at: noon + seconds * 1_000_000_000n,
      bytes: Buffer.from(`${seconds}`),
    }));
    const resume = new Resume({ ...startOf('uid', ''), stamp: '01795694430000000000' as never, lines: 1, bytes: 0 });
    const after = parts([served(lines), Buffer.from('2026-11-26T12:00:05.0Z set back\n')]);
    expect(after.flatMap((part) => (part.kind === 'text' ? (resume.take(part)?.bytes.toString() ?? []) : []))).toEqual([
      'set back\n',
    ]);
  });

  it('says when the log no longer reaches back to where the reader was', () => {
    const resume = new Resume({ ...startOf('uid', ''), stamp: '01795694400000000000' as never, lines: 2, bytes: 0 });
    const [part] = parts([served([{ at: noon + 5n, bytes: Buffer.from('much later') }])]);
    expect(resume.isLost).toBe(true);
    expect(part?.kind === 'text' ? resume.take(part)?.gapBefore : undefined).toEqual({
      from: '01795694400000000000',
      to: '01795694400000000005',
    });
  });
});

describe('readPosition', () => {
  it('takes nothing for a position that is none', () => {
    assert(
      property(oneof(string(), integer().map(String)), (text) => {
        const read = readPosition(text);
        expect(read === null || Number.isInteger(read.position.lines)).toBe(true);
      }),
    );
    expect(readPosition('0,uid,created,yesterday,1,0,0')).toBeNull();
  });
});
