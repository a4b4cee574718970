import { eachArrival, readArrivals } from './blockReader.ts';
import { LineReplay, logStart } from './lineReplay.ts';
import { type LogSource, portionBytes } from './logSource.ts';
import type { RawLog } from './rawLog.ts';

/** A stretch of a stream's bytes; `end` is not part of it. */
interface Stretch {
  readonly stream: number;
  readonly start: number;
  readonly end: number;
}

/**
 * What was printed so far, byte for byte. Of several streams whole lines in the order of the log, then the unfinished last line of
 * each, set apart by a line feed; markers of gaps are left out. Rejects with the system's error, and when bytes are gone.
 */
export async function* rawBytes(source: LogSource): AsyncIterable<Uint8Array> {
  if (source.streams.length === 1) {
    yield* stretchBytes(source.raw, { stream: 0, start: 0, end: await source.raw.size(0) });
  } else {
    yield* mergedBytes(source);
  }
}

async function* mergedBytes(source: LogSource): AsyncIterable<Uint8Array> {
  let from = logStart;
  for (;;) {
    const block = await readArrivals(source.raw, from, await source.arrivals(from));
    const replay = new LineReplay(from);
    const stretches: Stretch[] = [];
    eachArrival(block, (arrival, bytes) => {
      if (arrival.kind === 'gap') {
        replay.gap();
      } else {
        for (const { stream, start, end } of replay.lines(arrival.stream, bytes, arrival.time)) {
          stretches.push({ stream, start, end: end + 1 });
        }
      }
    });
    if (replay.records === from.records) {
      break;
    }
    const lines: Uint8Array[] = [];
    for (const { stream, start, end } of stretches) {
      const blockStart = from.streams[stream]?.taken ?? 0;
      if (start < blockStart) {
        yield Buffer.concat(lines.splice(0));
        yield* stretchBytes(source.raw, { stream, start, end: blockStart });
      }
      const bytes = block.bytes.get(stream) ?? new Uint8Array();
      lines.push(bytes.subarray(Math.max(start, blockStart) - blockStart, end - blockStart));
    }
    yield Buffer.concat(lines);
    from = replay.mark;
  }
  const unfinished = from.streams.flatMap(({ start, taken }, stream): readonly Stretch[] =>
    taken > start ? [{ stream, start, end: taken }] : [],
  );
  for (const [index, stretch] of unfinished.entries()) {
    if (index > 0) {
      yield Buffer.from('\n');
    }
    yield* stretchBytes(source.raw, stretch);
  }
}

async function* stretchBytes(raw: RawLog, { stream, start, end }: Stretch): AsyncIterable<Uint8Array> {
  for (let at = start; at < end;) {
    const bytes = await raw.read(stream, at, Math.min(portionBytes, end - at));
    if (bytes.byteLength === 0) {
      throw new RangeError(`${end - at} bytes of the log are gone.`);
    }
    at += bytes.byteLength;
    yield bytes;
  }
}
