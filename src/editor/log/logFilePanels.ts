import { stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';

import * as vscode from 'vscode';

import type { Logger } from '../../core/ports.ts';
import type { Engine } from '../../engine/engine.ts';
import type { FileLink, LogPageToHost, LogPageToWebview } from '../../protocol/logView.ts';
import { WebviewChannel } from '../webviewChannel.ts';
import { webviewHtml, webviewOptions } from '../webviewPage.ts';
import type { LogDocuments } from './logDocuments.ts';
import { LogViewer } from './logViewer.ts';
import { parseLogPageMessage } from './parseLogMessage.ts';

const viewType = 'aloft.logFile';

export interface LogFilePanelsDeps {
  readonly extensionUri: vscode.Uri;
  readonly engine: () => Promise<Engine>;
  readonly scanScript: string;
  readonly documents: LogDocuments;
  /** Where places in a line's visible text lead to, for a log that is no job's. */
  readonly links: () => Promise<(visible: string) => readonly FileLink[]>;
  readonly openFile: (path: string, line: number) => Promise<void>;
  readonly logger: Logger;
}

/** Log files from anywhere on disk, each in a viewer of its own; restored after a reload. */
export class LogFilePanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #deps: LogFilePanelsDeps;
  readonly #panels = new Map<string, vscode.WebviewPanel>();
  readonly #registration: vscode.Disposable;

  constructor(deps: LogFilePanelsDeps) {
    this.#deps = deps;
    this.#registration = vscode.window.registerWebviewPanelSerializer(viewType, this);
  }

  /** Asks for a file unless one is given. */
  async open(file: vscode.Uri | undefined): Promise<void> {
    const chosen = file ?? (await askForFile());
    if (chosen === undefined) {
      return;
    }
    const path = chosen.fsPath;
    if (!(await stat(path)).isFile()) {
      void vscode.window.showWarningMessage(vscode.l10n.t('{0} is not a file.', path));
      return;
    }
    const shown = this.#panels.get(path);
    if (shown !== undefined) {
      shown.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(viewType, basename(path), vscode.ViewColumn.Active);
    await this.#adopt(panel, path);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const path = typeof state === 'object' && state !== null && 'path' in state ? state.path : undefined;
    if (typeof path !== 'string' || !isAbsolute(path) || this.#panels.has(path)) {
      panel.dispose();
      return;
    }
    await this.#adopt(panel, path);
  }

  async #adopt(panel: vscode.WebviewPanel, path: string): Promise<void> {
    const { extensionUri, scanScript, documents, links, openFile, logger } = this.#deps;
    const engine = await this.#deps.engine();
    this.#panels.set(path, panel);
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'media', `job-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const viewer: LogViewer = new LogViewer({
      post: async (message) => await channel.post(message),
      open: () => engine.openLogFile(path, scanScript),
      links,
      openFile,
      name: () => basename(path),
      id: path,
      documents,
      logger,
    });
    const channel = new WebviewChannel<LogPageToWebview, LogPageToHost>(
      panel.webview,
      parseLogPageMessage,
      async (message) => {
        if (message.type === 'ready') {
          await channel.post({ type: 'file', path });
          await viewer.start();
        } else {
          await viewer.handle(message);
        }
      },
      logger,
    );
    panel.onDidChangeViewState(() => {
      if (!panel.visible) {
        viewer.stop();
      }
    });
    panel.onDidDispose(() => {
      this.#panels.delete(path);
      viewer.stop();
      channel.dispose();
    });
    panel.webview.options = webviewOptions(extensionUri);
    panel.webview.html = webviewHtml(panel.webview, extensionUri, { name: 'log', title: basename(path) });
  }

  dispose(): void {
    this.#registration.dispose();
    for (const panel of this.#panels.values()) {
      panel.dispose();
    }
  }
}

async function askForFile(): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showOpenDialog({
    openLabel: vscode.l10n.t('Open Log'),
    title: vscode.l10n.t('Open a log file'),
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
  return chosen?.[0];
}
