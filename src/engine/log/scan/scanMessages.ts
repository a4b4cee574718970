import type { LineFilter, LineQuery } from '../../../core/logRow.ts';
import type { Failure } from '../../../core/failure/failure.ts';
import type { SeriesUpdate } from '../../../core/metrics/seriesUpdate.ts';
import type { UserPattern } from '../../../core/metrics/userPattern.ts';
import type { LogMark } from '../lineReplay.ts';
import type { LogFilePaths } from '../logSource.ts';

/** Lines that are looked for. */
export type LineGoal =
  | { readonly kind: 'find'; readonly query: LineQuery }
  | { readonly kind: 'filter'; readonly filter: LineFilter };

/** Numbers that are looked for. Patterns may take for ever on some line. */
export type MetricGoal =
  | { readonly kind: 'series'; readonly patterns: readonly UserPattern[] }
  /** Adds every point of the metrics of these names, or of all, to a file, as `csvRow` does. */
  | {
      readonly kind: 'csv';
      readonly patterns: readonly UserPattern[];
      readonly names: readonly string[] | null;
      readonly path: string;
    };

/** What a scan looks for. */
export type ScanGoal =
  | LineGoal
  | MetricGoal
  /** Errors, warnings, failures, ranks. */
  | { readonly kind: 'marks' };

/** From the extension host to the thread that scans. */
export type ToScan =
  /** `script`: what the thread itself runs. Where much is to be read it may have so many others help it. */
  | {
      readonly kind: 'begin';
      readonly goal: ScanGoal;
      readonly files: LogFilePaths;
      readonly script: string;
      readonly helpers: number;
    }
  /** For so long, in ms, the processor is somebody else's. */
  | { readonly kind: 'rest'; readonly ms: number }
  /** Where blocks begin that are new, and where the log ends now. `files` grows with the log's streams. */
  | {
      readonly kind: 'marks';
      readonly files: LogFilePaths;
      readonly marks: readonly LogMark[];
      readonly end: LogMark;
      /** By position of the stream: whose node it is; one node is no rank of its own. */
      readonly nodes: readonly number[];
    };

/** From the thread that scans. Line numbers are in order, over all messages, except across `marks` of different kinds and after `resumed`. */
export type FromScan =
  /** Of a line only the beginning was looked at: it is longer than is searched. */
  | { readonly kind: 'partial' }
  /** The log rested and goes on: of lines from this one on, which had been unfinished, everything said is void. */
  | { readonly kind: 'resumed'; readonly line: number }
  | { readonly kind: 'lines'; readonly lines: Uint32Array }
  | {
      readonly kind: 'marks';
      readonly errors: Uint32Array;
      readonly warnings: Uint32Array;
      readonly failures: readonly Failure[];
      readonly ranks: readonly number[];
    }
  /** Series that changed, each whole. `refused`: there are more than are kept. */
  | {
      readonly kind: 'series';
      readonly series: readonly SeriesUpdate[];
      readonly refused: boolean;
      readonly scanned: number;
    }
  /** Everything up to the last mark was looked at. */
  | { readonly kind: 'caughtUp'; readonly scanned: number }
  | { readonly kind: 'problem'; readonly message: string };

/** From the thread that scans to one that helps it. */
export type ToHelper =
  | { readonly kind: 'help'; readonly goal: ScanGoal; readonly files: LogFilePaths }
  | { readonly kind: 'rest'; readonly ms: number }
  /** What lies between two marks is to be looked at. */
  | {
      readonly kind: 'look';
      readonly files: LogFilePaths;
      readonly nodes: readonly number[];
      readonly from: LogMark;
      readonly to: LogMark;
    };

/** From a thread that helps: what it found in the stretches that it was given, one after another. */
export type FromHelper<Found> =
  /** It may be given something. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'problem'; readonly message: string };
