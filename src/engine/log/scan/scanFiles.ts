import type { LogFilePaths } from '../logSource.ts';
import { RawLog } from '../rawLog.ts';

/** The files of a log as a thread that scans knows them; the log's streams may become more. */
export class ScanFiles {
  readonly raw: RawLog;
  paths: LogFilePaths;
  /** By position of the stream. */
  nodes: readonly number[] = [];

  constructor(paths: LogFilePaths) {
    this.paths = paths;
    this.raw = new RawLog((stream) => this.paths.streams[stream] ?? '', paths.order);
  }

  /** The rank of a stream that belongs to one alone. One node is no rank of its own. */
  readonly rankOf = (stream: number): number | null =>
    new Set(this.nodes).size > 1 ? (this.nodes[stream] ?? null) : null;
}
