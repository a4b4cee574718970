import { seriesKey, type SeriesUpdate } from '../../core/metrics/seriesUpdate.ts';
import type { UserPattern } from '../../core/metrics/userPattern.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import { t } from '../l10n.ts';

/**
 * Series in one message: more would make others wait, and VS Code loses buffers when a message has more than 255 of them (a byte
 * counts them in its `rpcProtocol.ts`).
 */
const mostTogether = 16;
/** A scan with patterns of the person's own that says nothing for so long, in ms, is given up: one of them may never end. */
const mostSilence = 10_000;

/** The curves of one log, as they are found and as it grows. */
export class RunCurves {
  readonly #log: OpenLog;
  #patterns: readonly UserPattern[];
  readonly #changed: () => void;
  readonly #subscription: { dispose(): void };
  #scan: { dispose(): void } | undefined;
  #generation: number;
  #unsent = new Map<string, SeriesUpdate>();
  #anew = true;
  #scanned = 0;
  #refused = false;
  #problem: string | null = null;
  #silence: NodeJS.Timeout | undefined;

  /** Closes the log when it is disposed of. `changed` is called whenever more is known. */
  constructor(log: OpenLog, patterns: readonly UserPattern[], changed: () => void) {
    this.#log = log;
    this.#patterns = patterns;
    this.#changed = changed;
    this.#generation = log.outline.generation;
    this.#subscription = log.onDidChange(() => {
      if (log.outline.generation !== this.#generation) {
        this.#generation = log.outline.generation;
        this.#begin();
      } else if (this.#silence === undefined) {
        this.#listen();
      }
      changed();
    });
    void log.follow();
    this.#begin();
  }

  #begin(): void {
    this.#scan?.dispose();
    this.#anew = true;
    this.#unsent.clear();
    this.#scanned = 0;
    this.#problem = null;
    this.#listen();
    this.#scan = this.#log.scan({ kind: 'series', patterns: this.#patterns }, (message) => {
      switch (message.kind) {
        case 'series':
          for (const series of message.series) {
            this.#unsent.set(seriesKey(series.name, series.rank), series);
          }
          this.#refused = message.refused;
          this.#scanned = message.scanned;
          break;
        case 'caughtUp':
          this.#scanned = message.scanned;
          break;
        case 'problem':
          this.#problem = message.message;
          break;
        default:
          return;
      }
      this.#listen();
      this.#changed();
    });
  }

  #listen(): void {
    clearTimeout(this.#silence);
    if (this.#patterns.length > 0) {
      this.#silence = setTimeout(() => {
        this.#silence = undefined;
        if (this.progress < 1) {
          const names = this.#patterns.map(({ name }) => name).join(', ');
          this.#patterns = [];
          this.#begin();
          this.#problem = t(
            'One of the patterns in aloft.metrics.patterns takes too long on this log ({0}). They were left out.',
            names,
          );
          this.#changed();
        }
      }, mostSilence);
    }
  }

  /** From 0 to 1. */
  get progress(): number {
    const { lines, counted } = this.#log.outline;
    return counted ? (lines === 0 ? 1 : Math.min(1, this.#scanned / lines)) : 0;
  }

  /** Where there are several. */
  get nodes(): readonly number[] {
    const nodes = new Set(this.#log.outline.streams.map(({ node }) => node));
    return nodes.size > 1 ? [...nodes] : [];
  }

  get refused(): boolean {
    return this.#refused;
  }

  get problem(): string | null {
    return this.#problem ?? this.#log.outline.problem;
  }

  /** What changed since it was taken last, in parts that make a message each. `anew`: what was taken before is void. */
  take(): readonly { readonly anew: boolean; readonly series: readonly SeriesUpdate[] }[] {
    const series = [...this.#unsent.values()];
    const parts = Array.from({ length: Math.ceil(series.length / mostTogether) }, (_, part) => ({
      anew: this.#anew && part === 0,
      series: series.slice(part * mostTogether, (part + 1) * mostTogether),
    }));
    const taken = this.#anew && parts.length === 0 ? [{ anew: true, series }] : parts;
    this.#anew = false;
    this.#unsent = new Map();
    return taken;
  }

  dispose(): void {
    clearTimeout(this.#silence);
    this.#subscription.dispose();
    this.#scan?.dispose();
    void this.#log.close();
  }
}
