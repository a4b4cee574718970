import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import type { Logger } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import { JobPanel, type PanelDeps, type PanelWish } from './jobPanel.ts';
import { parsePanelState } from './parseMessages.ts';

const viewType = 'aloft.job';

/** The open job panels: one per job, restored after a reload. */
export class JobPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly #engine: () => Promise<Engine>;
  readonly #logger: Logger;
  readonly #wished = new vscode.EventEmitter<{ readonly runId: RunId; readonly wish: PanelWish }>();
  readonly #panels = new Map<RunId, JobPanel>();
  readonly #registration: vscode.Disposable;

  readonly onDidWish = this.#wished.event;

  constructor(extensionUri: vscode.Uri, engine: () => Promise<Engine>, logger: Logger) {
    this.#extensionUri = extensionUri;
    this.#engine = engine;
    this.#logger = logger;
    this.#registration = vscode.window.registerWebviewPanelSerializer(viewType, this);
  }

  async open(runId: RunId): Promise<void> {
    const engine = await this.#engine();
    const existing = this.#panels.get(runId);
    if (existing !== undefined) {
      existing.reveal();
      return;
    }
    const title = engine.store.job(runId)?.name ?? vscode.l10n.t('Job');
    const panel = vscode.window.createWebviewPanel(viewType, title, vscode.ViewColumn.Active, {
      enableFindWidget: true,
    });
    this.#adopt(panel, new JobPanel(panel, runId, 'log', this.#panelDeps(engine)));
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const remembered = parsePanelState(state);
    if (remembered === undefined) {
      panel.dispose();
      return;
    }
    const engine = await this.#engine();
    if (this.#panels.has(remembered.runId)) {
      panel.dispose();
      return;
    }
    this.#adopt(panel, new JobPanel(panel, remembered.runId, remembered.tab, this.#panelDeps(engine)));
  }

  #panelDeps(engine: Engine): PanelDeps {
    return {
      engine,
      extensionUri: this.#extensionUri,
      logger: this.#logger,
      wish: (wish, runId) => {
        this.#wished.fire({ runId, wish });
      },
    };
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
    this.#wished.dispose();
    for (const panel of this.#panels.values()) {
      panel.dispose();
    }
  }
}
