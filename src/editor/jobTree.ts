import * as vscode from 'vscode';

import { isRunId, type RunId } from '../core/job.ts';
import type { JobGroup } from '../core/jobState.ts';
import type { KeyValue } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import type { JobSummary } from '../engine/jobRows.ts';
import { loggedFailure } from './failures/failureSentence.ts';
import { type JobRow, jobRow } from './jobRow.ts';
import { jobLines } from './jobSentences.ts';
import { jobTooltip } from './jobTooltip.ts';
import { recallMetricsSettings } from './metrics/metricsSettings.ts';
import { withSignal } from './progress.ts';
import { settledSelection } from './treeSelection.ts';

export type JobNode =
  | { readonly kind: 'group'; readonly group: JobGroup }
  | { readonly kind: 'job'; readonly job: JobSummary }
  | { readonly kind: 'more'; readonly hidden: number };

const groups: readonly JobGroup[] = ['running', 'waiting', 'finished'];
const page = 200;
/** Elapsed times are counted in seconds at first, so running rows are drawn again this often, in ms. */
const elapsedInterval = 5_000;
const changeDelay = 150;
/** How long what a row says waits for the rest of a log, in ms. */
const logPatience = 1_500;

/** The Jobs view: a native tree over all providers. */
export class JobTree implements vscode.TreeDataProvider<JobNode>, vscode.Disposable {
  readonly #engine: () => Promise<Engine>;
  readonly #metricsMemory: KeyValue;
  readonly #changed = new vscode.EventEmitter<JobNode | undefined>();
  readonly #subscriptions: { dispose(): void }[] = [this.#changed];
  readonly #view: vscode.TreeView<JobNode>;
  #shownFinished = page;
  #changeTimer: NodeJS.Timeout | undefined;
  #elapsedTimer: NodeJS.Timeout | undefined;
  #ticking = false;
  #redrawnAt = 0;

  readonly onDidChangeTreeData = this.#changed.event;

  /** `metricsMemory`: what was set for curves. */
  constructor(engine: () => Promise<Engine>, metricsMemory: KeyValue) {
    this.#engine = engine;
    this.#metricsMemory = metricsMemory;
    this.#view = vscode.window.createTreeView('aloft.jobs', {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: false,
    });
    this.#subscriptions.push(
      this.#view,
      this.#view.onDidChangeVisibility(() => {
        this.#tick();
      }),
    );
  }

  get visible(): boolean {
    return this.#view.visible;
  }

  get onDidChangeVisibility(): vscode.Event<unknown> {
    return this.#view.onDidChangeVisibility;
  }

  /** Follows the engine's changes; called once the engine is up. */
  attach(engine: Engine): void {
    this.#subscriptions.push(
      engine.onDidChange(() => {
        this.refreshSoon();
      }),
    );
    this.refreshSoon();
  }

  refreshSoon(): void {
    this.#changeTimer ??= setTimeout(() => {
      this.#changeTimer = undefined;
      this.#redraw();
    }, changeDelay);
  }

  showMore(): void {
    this.#shownFinished += page;
    this.#redraw();
  }

  #redraw(): void {
    this.#redrawnAt = Date.now();
    this.#changed.fire(undefined);
  }

  setRunning(running: number): void {
    const tooltip = running === 0 ? '' : vscode.l10n.t('{0} running', running);
    this.#view.badge = { value: running, tooltip };
    this.#ticking = running > 0;
    this.#tick();
  }

  setMessage(message: string | undefined): void {
    this.#view.message = message ?? '';
  }

  /** The jobs a command is about: the clicked one with the rest of the selection when it belongs to it, else the selection. */
  async targets(clicked: unknown, selected: unknown): Promise<readonly RunId[]> {
    const list =
      Array.isArray(selected) && selected.length > 0
        ? selected
        : clicked === undefined
          ? await settledSelection(this.#view, () => this.#redrawnAt)
          : [clicked];
    return [...new Set(list.flatMap((node: unknown) => runIdOf(node) ?? []))];
  }

  async getChildren(node?: JobNode): Promise<JobNode[]> {
    const engine = await this.#engine().catch(() => undefined);
    if (engine === undefined) {
      // The view's message says why.
      return [];
    }
    if (node === undefined) {
      return groups
        .filter((group) => engine.store.count({ groups: [group] }) > 0)
        .map((group) => ({ kind: 'group', group }));
    }
    if (node.kind !== 'group') {
      return [];
    }
    const finished = node.group === 'finished';
    const jobs = engine.store.summaries({ groups: [node.group], ...(finished ? { limit: this.#shownFinished } : {}) });
    const rows: JobNode[] = jobs.map((job) => ({ kind: 'job', job }));
    const hidden = finished ? engine.store.count({ groups: ['finished'] }) - jobs.length : 0;
    return hidden > 0 ? [...rows, { kind: 'more', hidden }] : rows;
  }

  async getTreeItem(node: JobNode): Promise<vscode.TreeItem> {
    switch (node.kind) {
      case 'group':
        return groupItem(node.group);
      case 'more':
        return moreItem(node.hidden);
      case 'job': {
        const engine = await this.#engine();
        const { connectionId } = node.job;
        return jobItem(jobRow(node.job, engine.placeLabel(connectionId), Date.now(), engine.abilities(connectionId)));
      }
    }
  }

  /** Only when a person rests on a row: a curve, and why a job failed, have to be looked for in the log. */
  async resolveTreeItem(
    item: vscode.TreeItem,
    node: JobNode,
    token: vscode.CancellationToken,
  ): Promise<vscode.TreeItem> {
    if (node.kind === 'job') {
      const engine = await this.#engine();
      const { hidden } = recallMetricsSettings(this.#metricsMemory);
      const series = await withSignal(
        token,
        async (signal) => await engine.logs.curve(node.job.runId, hidden, signal),
      ).catch(
        // Without a curve the row still says the rest.
        () => null,
      );
      const job = engine.store.job(node.job.runId);
      const logged =
        job?.state === 'failed'
          ? await withSignal(token, async (signal) => {
              const enough = AbortSignal.any([signal, AbortSignal.timeout(logPatience)]);
              return await loggedFailure(engine.logs, job, enough);
            })
          : null;
      const place = engine.placeLabel(node.job.connectionId);
      const lines = job === undefined ? [] : jobLines(job, logged, place, Date.now());
      item.tooltip = jobTooltip([node.job.name, ...lines, node.job.runId], series, vscode.window.activeColorTheme.kind);
    }
    return item;
  }

  #tick(): void {
    clearInterval(this.#elapsedTimer);
    if (this.#ticking && this.#view.visible) {
      this.#elapsedTimer = setInterval(() => {
        this.refreshSoon();
      }, elapsedInterval);
    }
  }

  dispose(): void {
    clearTimeout(this.#changeTimer);
    clearInterval(this.#elapsedTimer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}

function runIdOf(value: unknown): RunId | undefined {
  if (isRunId(value)) {
    return value;
  }
  if (typeof value !== 'object' || value === null || !('job' in value)) {
    return undefined;
  }
  const { job } = value;
  return typeof job === 'object' && job !== null && 'runId' in job && isRunId(job.runId) ? job.runId : undefined;
}

function groupItem(group: JobGroup): vscode.TreeItem {
  const labels: Readonly<Record<JobGroup, string>> = {
    running: vscode.l10n.t('Running'),
    waiting: vscode.l10n.t('Waiting'),
    finished: vscode.l10n.t('Finished'),
  };
  const item = new vscode.TreeItem(labels[group], vscode.TreeItemCollapsibleState.Expanded);
  item.id = group;
  item.contextValue = 'group';
  return item;
}

function moreItem(hidden: number): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Show more ({0} older)', hidden));
  item.id = 'more';
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.command = { command: 'aloft.showMoreJobs', title: vscode.l10n.t('Show More Jobs') };
  return item;
}

function jobItem(row: JobRow): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label);
  item.id = row.id;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(row.icon, new vscode.ThemeColor(row.color));
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.accessibleLabel };
  item.command = { command: 'aloft.openJob', title: vscode.l10n.t('Open Job'), arguments: [row.id] };
  return item;
}
