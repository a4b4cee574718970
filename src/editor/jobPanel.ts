import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import type { Logger } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import type { FilesState, JobTab, PanelToHost, PanelToWebview } from '../protocol/jobPanel.ts';
import { errorSentence, isAbort } from './errorSentence.ts';
import { jobView } from './jobView.ts';
import { parsePanelMessage } from './parseMessages.ts';
import { WebviewChannel } from './webviewChannel.ts';
import { webviewHtml, webviewOptions } from './webviewPage.ts';

/** What takes more than the panel itself. */
export type PanelWish = Extract<
  PanelToHost,
  { readonly type: 'cancel' | 'submitAgain' | 'copyRunId' | 'reveal' | 'download' | 'openFile' }
>;

export interface PanelDeps {
  readonly engine: Engine;
  readonly extensionUri: vscode.Uri;
  readonly wish: (wish: PanelWish, runId: RunId) => void;
  readonly logger: Logger;
}

/** Log updates on their way to the screen at most; the next waits until one of them is painted. */
const maxInFlight = 2;

/** One job in one editor tab. A hidden webview is dead, so a shown one gets everything anew. */
export class JobPanel implements vscode.Disposable {
  readonly runId: RunId;
  readonly #panel: vscode.WebviewPanel;
  readonly #deps: PanelDeps;
  readonly #channel: WebviewChannel<PanelToWebview, PanelToHost>;
  readonly #subscriptions: { dispose(): void }[] = [];
  #tab: JobTab;
  #files: FilesState = { kind: 'unknown' };
  #tail: AbortController | undefined;
  #sent = 0;
  #painted = 0;
  #onPainted: (() => void) | undefined;

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
    this.#subscriptions.push(
      this.#channel,
      deps.engine.onDidChange(({ runIds }) => {
        if (runIds.has(runId)) {
          this.#postJob();
        }
      }),
      deps.engine.onDidChangeStoreProblem(() => {
        this.#postJob();
      }),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) {
          this.#stopTail();
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

  reveal(): void {
    this.#panel.reveal();
  }

  async #handle(message: PanelToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#postJob();
        this.#startTail();
        await this.#show(this.#tab);
        break;
      case 'tab':
        await this.#show(message.tab);
        break;
      case 'logPainted':
        this.#painted = message.id;
        this.#onPainted?.();
        break;
      case 'refreshFiles':
        await this.#listFiles();
        break;
      case 'cancel':
      case 'submitAgain':
      case 'copyRunId':
      case 'reveal':
      case 'download':
      case 'openFile':
        this.#deps.wish(message, this.runId);
        break;
    }
  }

  #postJob(): void {
    const { engine } = this.#deps;
    const facts = engine.facts(this.runId);
    if (facts === undefined) {
      this.#stopTail();
      void this.#channel.post({ type: 'gone', message: vscode.l10n.t('This job was deleted.') });
      return;
    }
    this.#panel.title = facts.job.name;
    void this.#channel.post({ type: 'job', job: jobView(facts, Date.now()), tab: this.#tab });
  }

  async #show(tab: JobTab): Promise<void> {
    this.#tab = tab;
    if (tab === 'files') {
      await this.#listFiles();
    }
  }

  async #listFiles(): Promise<void> {
    await this.#postFiles(this.#files.kind === 'listed' ? this.#files : { kind: 'loading' });
    try {
      const files = await this.#deps.engine.outputs(this.runId, new AbortController().signal);
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

  #startTail(): void {
    this.#stopTail();
    const controller = new AbortController();
    this.#tail = controller;
    void this.#followLog(controller.signal);
  }

  async #followLog(signal: AbortSignal): Promise<void> {
    try {
      for await (const update of this.#deps.engine.tail(this.runId, signal)) {
        this.#sent += 1;
        await this.#channel.post({ type: 'log', id: this.#sent, update });
        while (this.#sent - this.#painted >= maxInFlight && !signal.aborted) {
          await this.#nextPaint(signal);
        }
      }
    } catch (error) {
      if (!isAbort(error)) {
        this.#deps.logger.error(`the log of ${this.runId} cannot be shown`, error);
      }
    }
  }

  async #nextPaint(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#onPainted = undefined;
        resolve();
      };
      this.#onPainted = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #stopTail(): void {
    this.#tail?.abort(new DOMException('hidden', 'AbortError'));
    this.#tail = undefined;
    this.#painted = this.#sent;
  }

  dispose(): void {
    this.#stopTail();
    for (const subscription of this.#subscriptions.splice(0)) {
      subscription.dispose();
    }
  }
}
