import type { StreamId } from '../../src/core/logChunk.ts';
import { t } from '../ui/l10n.ts';

type Streams = readonly StreamId[];

/** Whether lines have to say where they come from: stderr alone is told apart by its look. */
export function hasOrigins(streams: Streams): boolean {
  return streams.length > 1 && (hasTasks(streams) || hasNodes(streams) || streams.some(({ name }) => !isPlain(name)));
}

/** For a column beside the lines: `task 3`, `node 0`, and the name of a system log. */
export function originLabel(stream: StreamId, streams: Streams): string {
  return [...memberNames(stream, streams), ...(isPlain(stream.name) ? [] : [stream.name])].join(' ') || stream.name;
}

/** The whole of it: `stdout`, `stderr · task 3 · node 1`. */
export function streamLabel(stream: StreamId, streams: Streams): string {
  return [stream.name, ...memberNames(stream, streams)].join(' · ');
}

/** Where there are several tasks or nodes, the first of them has a number as well. */
function memberNames({ task, node }: StreamId, streams: Streams): readonly string[] {
  return [...(hasTasks(streams) ? [t('task {0}', task)] : []), ...(hasNodes(streams) ? [t('node {0}', node)] : [])];
}

const hasTasks = (streams: Streams): boolean => streams.some(({ task }) => task > 0);
const hasNodes = (streams: Streams): boolean => streams.some(({ node }) => node > 0);
const isPlain = (name: string): boolean => name === 'stdout' || name === 'stderr';
