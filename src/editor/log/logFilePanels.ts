import { stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';

import * as vscode from 'vscode';

import type { Engine } from '../../engine/engine.ts';
import type { createLogFilePanel } from '../panelsPart.ts';
import { panelIcon } from '../webviewPage.ts';
import type { LogFilePanel, LogFilePanelDeps } from './logFilePanel.ts';

const viewType = 'aloft.logFile';

export interface LogFilePanelsDeps extends Omit<LogFilePanelDeps, 'engine' | 'askForFiles' | 'openLog'> {
  readonly engine: () => Promise<Engine>;
}

/** Log files from anywhere on disk, each in a viewer of its own; restored after a reload. */
export class LogFilePanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #deps: LogFilePanelsDeps;
  readonly #panels = new Map<string, LogFilePanel>();
  readonly #registration: vscode.Disposable;

  constructor(deps: LogFilePanelsDeps) {
    this.#deps = deps;
    this.#registration = vscode.window.registerWebviewPanelSerializer(viewType, this);
  }

  /** Asks for a file unless one is given. */
  async open(file: vscode.Uri | undefined): Promise<void> {
    void this.#load().catch(() => undefined);
    const chosen = file ?? (await askForFiles(false))?.[0];
    if (chosen !== undefined) {
      await this.#show(chosen.fsPath, undefined);
    }
  }

  async #show(path: string, line: number | undefined): Promise<void> {
    if (!(await stat(path)).isFile()) {
      void vscode.window.showWarningMessage(vscode.l10n.t('{0} is not a file.', path));
      return;
    }
    const shown =
      this.#panels.get(path) ??
      (await this.#adopt(vscode.window.createWebviewPanel(viewType, basename(path), vscode.ViewColumn.Active), path));
    await shown.reveal(line);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const path = typeof state === 'object' && state !== null && 'path' in state ? state.path : undefined;
    if (typeof path !== 'string' || !isAbsolute(path) || this.#panels.has(path)) {
      panel.dispose();
      return;
    }
    await this.#adopt(panel, path);
  }

  /** What a panel takes, begun while the person still chooses; what goes wrong is told to whoever waits for it. */
  async #load(): Promise<{ readonly engine: Engine; readonly createLogFilePanel: typeof createLogFilePanel }> {
    const [engine, part] = await Promise.all([this.#deps.engine(), import('../panelsPart.ts')]);
    return { engine, createLogFilePanel: part.createLogFilePanel };
  }

  async #adopt(panel: vscode.WebviewPanel, path: string): Promise<LogFilePanel> {
    const { engine, createLogFilePanel: create } = await this.#load();
    panel.iconPath = panelIcon(this.#deps.extensionUri);
    const adopted = create(panel, path, {
      ...this.#deps,
      engine,
      askForFiles: async () => (await askForFiles(true))?.map(({ fsPath }) => fsPath),
      openLog: async (other, line) => {
        await this.#show(other, line);
      },
    });
    this.#panels.set(path, adopted);
    adopted.onDidDispose(() => {
      this.#panels.delete(path);
    });
    return adopted;
  }

  dispose(): void {
    this.#registration.dispose();
    for (const panel of this.#panels.values()) {
      panel.dispose();
    }
  }
}

async function askForFiles(several: boolean): Promise<readonly vscode.Uri[] | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return await vscode.window.showOpenDialog({
    openLabel: vscode.l10n.t('Open Log'),
    title: several ? vscode.l10n.t('Show other log files beside this one') : vscode.l10n.t('Open a log file'),
    canSelectMany: several,
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
}
