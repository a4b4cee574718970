import type * as vscode from 'vscode';

import type { KeyValue, Logger } from '../../core/ports.ts';
import type { UserPatterns } from '../../core/metrics/userPattern.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { MetricsToHost, MetricsToWebview } from '../../protocol/metricsView.ts';
import { isAbort } from '../errorSentence.ts';
import { showError } from '../showError.ts';
import { onDidChangeSetting, readSettings } from '../settings.ts';
import { addMetricPattern } from './addMetricPattern.ts';
import { recallMetricsSettings, rememberMetricsSettings } from './metricsSettings.ts';
import { RunCurves } from './runCurves.ts';
import { saveCsv } from './saveCsv.ts';

export interface MetricsViewerDeps {
  readonly post: (message: MetricsToWebview) => Promise<boolean>;
  /** Whose panel it is: a run id, or the path of a file. */
  readonly id: string;
  readonly name: (id: string) => string;
  /** undefined while there is nothing to look at. */
  readonly open: (id: string) => OpenLog | undefined;
  /** Lets the person choose what is to be shown beside it; undefined when they leave. */
  readonly choose: (shown: readonly string[]) => Promise<readonly string[] | undefined>;
  readonly showLine: (id: string, line: number) => Promise<void>;
  readonly memory: KeyValue;
  readonly logger: Logger;
}

/** Curves are told at most so often, in ms. */
const tellEvery = 250;

/** The extension's side of the curves of one panel: begins when they are first shown, ends when the panel is hidden. */
export class MetricsViewer {
  readonly #deps: MetricsViewerDeps;
  readonly #runs = new Map<string, RunCurves>();
  /** Stay when the panel is hidden and shown again. */
  #others: readonly string[] = [];
  #patterns: UserPatterns = { patterns: [], errors: [] };
  #subscription: vscode.Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: MetricsViewerDeps) {
    this.#deps = deps;
  }

  get isLooking(): boolean {
    return this.#subscription !== undefined;
  }

  /** Looks at the logs from their start, anew if it did before. */
  start(): void {
    this.stop();
    this.#patterns = readSettings().metricPatterns;
    this.#subscription = onDidChangeSetting('metrics.patterns', () => {
      this.start();
    });
    void this.#deps.post({
      type: 'metricsSettings',
      settings: recallMetricsSettings(this.#deps.memory),
      patternErrors: this.#patterns.errors,
    });
    this.#follow();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#subscription?.dispose();
    this.#subscription = undefined;
    for (const curves of this.#runs.values()) {
      curves.dispose();
    }
    this.#runs.clear();
  }

  /** Opens what is to be shown and is not looked at, and lets go of the rest. */
  #follow(): void {
    const wanted = [this.#deps.id, ...this.#others];
    for (const [id, curves] of this.#runs) {
      if (!wanted.includes(id)) {
        this.#runs.delete(id);
        curves.dispose();
      }
    }
    for (const id of wanted) {
      const log = this.#runs.has(id) ? undefined : this.#deps.open(id);
      if (log !== undefined) {
        const changed = (): void => {
          this.#tellSoon();
        };
        this.#runs.set(id, new RunCurves(log, this.#patterns.patterns, changed));
      }
    }
    this.#tell();
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, tellEvery);
  }

  #tell(): void {
    const { post, name } = this.#deps;
    const runs = [this.#deps.id, ...this.#others].flatMap((id) => {
      const curves = this.#runs.get(id);
      return curves === undefined ? [] : { id, curves };
    });
    void post({
      type: 'metricsRuns',
      runs: runs.map(({ id, curves: { progress, refused, problem, nodes } }) => ({
        id,
        name: name(id),
        progress,
        refused,
        problem,
        nodes,
      })),
    });
    for (const { id, curves } of runs) {
      for (const { anew, series } of curves.take()) {
        void post({ type: 'metricsSeries', id, anew, series });
      }
    }
  }

  /** Is this message for the curves? */
  static takes(message: { readonly type: string }): message is MetricsToHost {
    return message.type.startsWith('metrics');
  }

  /** Never rejects: what the person asked for and did not get is shown. */
  async handle(message: MetricsToHost): Promise<void> {
    try {
      await this.#fulfil(message);
    } catch (error) {
      if (!isAbort(error)) {
        this.#deps.logger.error(`${message.type} failed`, error);
        void showError(error);
      }
    }
  }

  async #fulfil(message: MetricsToHost): Promise<void> {
    const { choose, id, memory, name, open, showLine } = this.#deps;
    switch (message.type) {
      case 'metricsSet':
        await rememberMetricsSettings(memory, message.settings);
        break;
      case 'metricsCompare': {
        const chosen = await choose(this.#others);
        if (chosen !== undefined) {
          this.#show(chosen);
        }
        break;
      }
      case 'metricsRemove':
        this.#show(this.#others.filter((other) => other !== message.id));
        break;
      case 'metricsLine':
        await showLine(message.id, message.line);
        break;
      case 'metricsExport': {
        const log = open(id);
        if (log !== undefined) {
          await saveCsv(log, this.#patterns.patterns, message.names, name(id));
        }
        break;
      }
      case 'metricsAddPattern':
        await addMetricPattern();
        break;
    }
  }

  #show(others: readonly string[]): void {
    this.#others = others;
    if (this.isLooking) {
      this.#follow();
    }
  }
}
