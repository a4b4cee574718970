import * as vscode from 'vscode';

import { currentAttempt, isRunId, type Job, type RunId } from '../core/job.ts';
import type { KeyValue, Logger } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import type { Location } from '../core/provider.ts';
import type { FilesState, JobTab, PanelToHost, PanelToWebview } from '../protocol/jobPanel.ts';
import type { FileLink } from '../protocol/logView.ts';
import { errorSentence } from './errorSentence.ts';
import { loggedFailure } from './failures/failureSentence.ts';
import { pickJobsBeside } from './jobActions.ts';
import { type Around, jobView } from './jobView.ts';
import type { LogDocuments } from './log/logDocuments.ts';
import { LogViewer } from './log/logViewer.ts';
import { MetricsViewer } from './metrics/metricsViewer.ts';
import { parsePanelMessage } from './parseMessages.ts';
import type { PortForwards } from './reach/portForwards.ts';
import { WebviewChannel } from './webviewChannel.ts';
import { webviewHtml, webviewOptions } from './webviewPage.ts';

/** What takes more than the panel itself. */
export type PanelWish = Extract<
  PanelToHost,
  {
    readonly type:
      | 'cancel'
      | 'submitAgain'
      | 'copyRunId'
      | 'copyRequest'
      | 'reveal'
      | 'openShell'
      | 'forwardPort'
      | 'openForward'
      | 'copyForward'
      | 'stopForward'
      | 'download'
      | 'openFile';
  }
>;

export interface PanelDeps {
  readonly engine: Engine;
  readonly extensionUri: vscode.Uri;
  readonly wish: (wish: PanelWish, runId: RunId) => void;
  /** The bundle that scans logs on a thread of its own. */
  readonly scanScript: string;
  readonly documents: LogDocuments;
  /** What finds the places in a run's log that lead to its code; null while that is not known. */
  readonly links: (runId: RunId) => Promise<((visible: string) => readonly FileLink[]) | null>;
  readonly openFrame: (runId: RunId, path: string, line: number) => Promise<void>;
  /** Shows a line of another job's log. */
  readonly openJob: (runId: RunId, line: number) => Promise<void>;
  readonly forwards: PortForwards;
  /** What was set for curves. */
  readonly metricsMemory: KeyValue;
  readonly logger: Logger;
}

/** One job in one editor tab. A hidden webview is dead, so a shown one gets everything anew. */
export class JobPanel implements vscode.Disposable {
  readonly runId: RunId;
  readonly #panel: vscode.WebviewPanel;
  readonly #deps: PanelDeps;
  readonly #channel: WebviewChannel<PanelToWebview, PanelToHost>;
  readonly #subscriptions: { dispose(): void }[] = [];
  #tab: JobTab;
  #files: FilesState = { kind: 'unknown' };
  readonly #viewer: LogViewer;
  readonly #metrics: MetricsViewer;
  /** The attempt whose log is shown; undefined before there is one, and while nothing is. */
  #attempt: number | undefined;
  #isReady = false;
  #isDisposed = false;
  #location: Location | null = null;
  /** For which attempt and state the location was looked up last. */
  #locatedAt = '';
  /** What the log says of the failure, once that was looked up. */
  #failure: string | null = null;
  #failedAt = '';
  readonly #closing = new AbortController();

  constructor(panel: vscode.WebviewPanel, runId: RunId, tab: JobTab, deps: PanelDeps) {
    this.runId = runId;
    this.#panel = panel;
    this.#deps = deps;
    this.#tab = tab;
    this.#channel = new WebviewChannel<PanelToWebview, PanelToHost>(
      panel.webview,
      parsePanelMessage,
      async (message) => {
        await this.#handle(message);
      },
      deps.logger,
    );
    this.#viewer = new LogViewer({
      post: async (message) => await this.#channel.post(message),
      open: () => deps.engine.logs.open(runId, deps.scanScript),
      links: async () => await deps.links(runId),
      openFile: async (path, line) => {
        await deps.openFrame(runId, path, line);
      },
      name: () => deps.engine.store.job(runId)?.name ?? runId,
      id: runId,
      documents: deps.documents,
      logger: deps.logger,
    });
    this.#metrics = new MetricsViewer({
      post: async (message) => await this.#channel.post(message),
      id: runId,
      name: (id) => (isRunId(id) ? deps.engine.store.job(id)?.name : undefined) ?? id,
      open: (id) => (isRunId(id) ? deps.engine.logs.open(id, deps.scanScript) : undefined),
      choose: async (shown) => await pickJobsBeside(deps.engine, runId, shown),
      showLine: async (id, line) => {
        await (id === runId ? this.reveal(line) : isRunId(id) ? deps.openJob(id, line) : undefined);
      },
      memory: deps.metricsMemory,
      logger: deps.logger,
    });
    this.#subscriptions.push(
      this.#channel,
      deps.engine.onDidChange(({ runIds }) => {
        if (runIds.has(runId)) {
          this.#postJob();
          this.#followAttempt();
          this.#viewer.linkAgain();
        }
      }),
      deps.engine.onDidChangeStoreProblem(() => {
        this.#postJob();
      }),
      deps.forwards.onDidChange((changed) => {
        if (changed === runId) {
          this.#postJob();
        }
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.#postJob();
      }),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) {
          this.#stopLog();
        }
      }),
      panel.onDidDispose(() => {
        this.dispose();
      }),
    );
    panel.webview.options = webviewOptions(deps.extensionUri);
    panel.webview.html = webviewHtml(panel.webview, deps.extensionUri, { name: 'job', title: panel.title });
  }

  get onDidDispose(): vscode.Event<void> {
    return this.#panel.onDidDispose;
  }

  /** `line`: of the log, to be shown. */
  async reveal(line: number | undefined): Promise<void> {
    this.#panel.reveal();
    if (line !== undefined) {
      this.#tab = 'log';
      this.#postJob();
      await this.#viewer.reveal(line);
    }
  }

  async #handle(message: PanelToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#postJob();
        this.#isReady = true;
        this.#followAttempt();
        await this.#show(this.#tab);
        break;
      case 'tab':
        await this.#show(message.tab);
        break;
      case 'refreshFiles':
        await this.#listFiles();
        break;
      case 'cancel':
      case 'submitAgain':
      case 'copyRunId':
      case 'copyRequest':
      case 'reveal':
      case 'openShell':
      case 'forwardPort':
      case 'openForward':
      case 'copyForward':
      case 'stopForward':
      case 'download':
      case 'openFile':
        this.#deps.wish(message, this.runId);
        break;
      default:
        await (MetricsViewer.takes(message) ? this.#metrics.handle(message) : this.#viewer.handle(message));
    }
  }

  #postJob(): void {
    const { engine } = this.#deps;
    const facts = engine.facts(this.runId);
    if (facts === undefined) {
      this.#stopLog();
      void this.#channel.post({ type: 'gone', message: vscode.l10n.t('This job was deleted.') });
      return;
    }
    this.#panel.title = facts.job.name;
    const around: Around = {
      isTrusted: vscode.workspace.isTrusted,
      location: this.#location,
      forwards: this.#deps.forwards.of(this.runId),
      failure: this.#failure,
    };
    void this.#channel.post({ type: 'job', job: jobView(facts, around, Date.now()), tab: this.#tab });
    void this.#lookUpLocation(facts.job);
    void this.#lookUpFailure(facts.job);
  }

  /** Once for each attempt that fails: it is in the log, perhaps not all of which has come. */
  async #lookUpFailure(job: Job): Promise<void> {
    const asked = `${currentAttempt(job)?.number}/${job.state}`;
    if (asked === this.#failedAt) {
      return;
    }
    this.#failedAt = asked;
    this.#failure = null;
    const { signal } = this.#closing;
    const found = job.state === 'failed' ? await loggedFailure(this.#deps.engine.logs, job, signal) : null;
    if (found !== null && asked === this.#failedAt && !this.#isDisposed) {
      this.#failure = found;
      this.#postJob();
    }
  }

  /** Only an open connection knows, so it is asked beside; anew whenever the job may be somewhere else. */
  async #lookUpLocation(job: Job): Promise<void> {
    const asked = `${currentAttempt(job)?.number}/${job.state}`;
    if (asked === this.#locatedAt) {
      return;
    }
    this.#locatedAt = asked;
    const location = await this.#deps.engine.accepted.location(this.runId).catch(() => null);
    if (JSON.stringify(location) !== JSON.stringify(this.#location) && !this.#isDisposed) {
      this.#location = location;
      this.#postJob();
    }
  }

  async #show(tab: JobTab): Promise<void> {
    this.#tab = tab;
    if (tab === 'files') {
      await this.#listFiles();
    } else if (tab === 'metrics' && !this.#metrics.isLooking) {
      this.#metrics.start();
    }
  }

  async #listFiles(): Promise<void> {
    await this.#postFiles(this.#files.kind === 'listed' ? this.#files : { kind: 'loading' });
    try {
      const files = await this.#deps.engine.accepted.outputs(this.runId, new AbortController().signal);
      await this.#postFiles({
        kind: 'listed',
        files: files.map(({ path, bytes, modifiedAt }) => ({ path, bytes, modifiedAt })),
      });
    } catch (error) {
      await this.#postFiles({ kind: 'failed', message: errorSentence(error) });
    }
  }

  async #postFiles(files: FilesState): Promise<void> {
    this.#files = files;
    await this.#channel.post({ type: 'files', files });
  }

  /** When a newer attempt begins, its log is shown instead. */
  #followAttempt(): void {
    const attempt = currentAttempt(this.#deps.engine.store.job(this.runId))?.number;
    if (this.#isReady && attempt !== undefined && attempt !== this.#attempt) {
      this.#attempt = attempt;
      void this.#viewer.start();
      if (this.#metrics.isLooking) {
        this.#metrics.start();
      }
    }
  }

  #stopLog(): void {
    this.#isReady = false;
    this.#attempt = undefined;
    this.#viewer.stop();
    this.#metrics.stop();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#closing.abort(new DOMException('the panel was closed', 'AbortError'));
    this.#stopLog();
    for (const subscription of this.#subscriptions.splice(0)) {
      subscription.dispose();
    }
  }
}
