import * as vscode from 'vscode';

import { isRunId, type RunId } from '../core/job.ts';
import { JobPanel, type PanelDeps } from './jobPanel.ts';
import { parsePanelState } from './parseMessages.ts';

const viewType = 'aloft.job';

/** The open job panels: one per job, restored after a reload. */
export class JobPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #deps: () => Promise<PanelDeps>;
  readonly #extensionUri: vscode.Uri;
  readonly #panels = new Map<RunId, JobPanel>();
  readonly #registration: vscode.Disposable;

  constructor(extensionUri: vscode.Uri, deps: () => Promise<PanelDeps>) {
    this.#extensionUri = extensionUri;
    this.#deps = deps;
    this.#registration = vscode.window.registerWebviewPanelSerializer(viewType, this);
  }

  async open(runId: RunId, preserveFocus = false): Promise<void> {
    const deps = await this.#deps();
    const existing = this.#panels.get(runId);
    if (existing !== undefined) {
      existing.reveal();
      return;
    }
    const title = deps.engine.store.job(runId)?.name ?? vscode.l10n.t('Job');
    const panel = vscode.window.createWebviewPanel(
      viewType,
      title,
      { viewColumn: vscode.ViewColumn.Active, preserveFocus },
      { enableFindWidget: true },
    );
    this.#adopt(panel, new JobPanel(panel, runId, 'log', deps));
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const remembered = parsePanelState(state);
    if (remembered === undefined || !isRunId(remembered.runId)) {
      panel.dispose();
      return;
    }
    const deps = await this.#deps();
    this.#adopt(panel, new JobPanel(panel, remembered.runId, remembered.tab, deps));
  }

  #adopt(panel: vscode.WebviewPanel, jobPanel: JobPanel): void {
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(this.#extensionUri, 'media', `job-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    this.#panels.set(jobPanel.runId, jobPanel);
    jobPanel.onDidDispose(() => {
      this.#panels.delete(jobPanel.runId);
    });
  }

  dispose(): void {
    this.#registration.dispose();
    for (const panel of this.#panels.values()) {
      panel.dispose();
    }
  }
}
