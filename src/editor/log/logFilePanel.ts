import { basename } from 'node:path';

import type * as vscode from 'vscode';

import type { KeyValue, Logger } from '../../core/ports.ts';
import type { Engine } from '../../engine/engine.ts';
import type { FileLink, LogPageToHost, LogPageToWebview } from '../../protocol/logView.ts';
import { MetricsViewer } from '../metrics/metricsViewer.ts';
import { WebviewChannel } from '../webviewChannel.ts';
import { webviewHtml, webviewOptions } from '../webviewPage.ts';
import type { LogDocuments } from './logDocuments.ts';
import { LogViewer } from './logViewer.ts';
import { parseLogPageMessage } from './parseLogMessage.ts';

export interface LogFilePanelDeps {
  readonly engine: Engine;
  readonly extensionUri: vscode.Uri;
  readonly scanScript: string;
  readonly documents: LogDocuments;
  /** Where places in a line's visible text lead to, for a log that is no job's. */
  readonly links: () => Promise<(visible: string) => readonly FileLink[]>;
  readonly openFile: (path: string, line: number) => Promise<void>;
  /** Asks for log files; undefined when the person leaves. */
  readonly askForFiles: () => Promise<readonly string[] | undefined>;
  /** Shows a line of another log file. */
  readonly openLog: (path: string, line: number) => Promise<void>;
  /** What was set for curves. */
  readonly metricsMemory: KeyValue;
  readonly logger: Logger;
}

/** One log file in one editor tab, and its curves. A hidden webview is dead, so a shown one gets everything anew. */
export class LogFilePanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #viewer: LogViewer;
  readonly #metrics: MetricsViewer;
  readonly #channel: WebviewChannel<LogPageToWebview, LogPageToHost>;
  readonly #path: string;

  constructor(panel: vscode.WebviewPanel, path: string, deps: LogFilePanelDeps) {
    const {
      engine,
      extensionUri,
      scanScript,
      documents,
      links,
      openFile,
      askForFiles,
      openLog,
      metricsMemory,
      logger,
    } = deps;
    this.#panel = panel;
    this.#path = path;
    const post = async (message: LogPageToWebview): Promise<boolean> => await this.#channel.post(message);
    this.#viewer = new LogViewer({
      post,
      open: () => engine.logs.openFile(path, scanScript),
      links,
      openFile,
      name: () => basename(path),
      id: path,
      documents,
      logger,
    });
    this.#metrics = new MetricsViewer({
      post,
      id: path,
      name: (id) => basename(id),
      open: (id) => engine.logs.openFile(id, scanScript),
      choose: async (shown) => {
        const chosen = await askForFiles();
        return chosen === undefined ? undefined : [...new Set([...shown, ...chosen])].filter((one) => one !== path);
      },
      showLine: async (id, line) => {
        await (id === path ? this.reveal(line) : openLog(id, line));
      },
      memory: metricsMemory,
      logger,
    });
    this.#channel = new WebviewChannel<LogPageToWebview, LogPageToHost>(
      panel.webview,
      parseLogPageMessage,
      async (message) => {
        await this.#handle(message);
      },
      logger,
    );
    panel.onDidChangeViewState(() => {
      if (!panel.visible) {
        this.#stop();
      }
    });
    panel.onDidDispose(() => {
      this.#stop();
      this.#channel.dispose();
    });
    this.#viewer.startAhead();
    panel.webview.options = webviewOptions(extensionUri);
    panel.webview.html = webviewHtml(panel.webview, extensionUri, { name: 'log', title: basename(path) });
  }

  get onDidDispose(): vscode.Event<void> {
    return this.#panel.onDidDispose;
  }

  /** `line`: to be shown. */
  async reveal(line: number | undefined): Promise<void> {
    this.#panel.reveal();
    if (line !== undefined) {
      await this.#viewer.reveal(line);
    }
  }

  async #handle(message: LogPageToHost): Promise<void> {
    if (message.type === 'ready') {
      void this.#channel.post({ type: 'file', path: this.#path });
      await this.#viewer.start();
    } else if (message.type === 'tab') {
      if (message.tab === 'metrics' && !this.#metrics.isLooking) {
        this.#metrics.start();
      }
    } else if (MetricsViewer.takes(message)) {
      await this.#metrics.handle(message);
    } else {
      await this.#viewer.handle(message);
    }
  }

  #stop(): void {
    this.#viewer.stop();
    this.#metrics.stop();
  }

  dispose(): void {
    this.#panel.dispose();
  }
}
