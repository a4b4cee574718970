import { sameStream, type StreamId } from './logChunk.ts';
import type { LineFilter, LogGapNote } from './logRow.ts';

/** Whether lines that a filter lets through may be missing in a gap. `streams`: those of the log. */
export function mayConcern(note: LogGapNote, filter: LineFilter, streams: readonly StreamId[]): boolean {
  return note.cause !== 'late' && isOfStreams(note, filter, streams) && isInTime(note, filter);
}

/** Of a stream that belongs to one rank alone, also by the ranks that are shown. */
function isOfStreams({ stream }: LogGapNote, filter: LineFilter, streams: readonly StreamId[]): boolean {
  if (stream === null || stream === undefined) {
    return true;
  }
  const position = streams.findIndex((one) => sameStream(one, stream));
  const isOneRank = streams.some(({ node }) => node !== stream.node);
  return filter.streams?.includes(position) !== false && !(isOneRank && filter.ranks?.includes(stream.node) === false);
}

/** What is not known does not speak against it. */
function isInTime({ from, to }: LogGapNote, filter: LineFilter): boolean {
  const isBefore = to !== null && filter.from !== null && to < filter.from;
  const isAfter = from !== null && filter.to !== null && from > filter.to;
  return !isBefore && !isAfter;
}
