import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import type { Engine } from '../engine/engine.ts';
import type { JobPanel, PanelDeps, PanelWish } from './jobPanel.ts';
import { parsePanelState } from './parseMessages.ts';
import { panelIcon } from './webviewPage.ts';

const viewType = 'aloft.job';

export interface JobPanelsDeps extends Omit<PanelDeps, 'engine' | 'wish' | 'openJob'> {
  readonly engine: () => Promise<Engine>;
}

/** The open job panels: one per job, restored after a reload. */
export class JobPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #deps: JobPanelsDeps;
  readonly #wished = new vscode.EventEmitter<{ readonly runId: RunId; readonly wish: PanelWish }>();
  readonly #panels = new Map<RunId, JobPanel>();
  readonly #registration: vscode.Disposable;

  readonly onDidWish = this.#wished.event;

  constructor(deps: JobPanelsDeps) {
    this.#deps = deps;
    this.#registration = vscode.window.registerWebviewPanelSerializer(viewType, this);
  }

  /** `line`: of its log, to be shown. */
  async open(runId: RunId, line?: number): Promise<void> {
    const engine = await this.#deps.engine();
    const { createJobPanel } = await import('./panelsPart.ts');
    const existing = this.#panels.get(runId);
    if (existing !== undefined) {
      await existing.reveal(line);
      return;
    }
    const title = engine.store.job(runId)?.name ?? vscode.l10n.t('Job');
    const panel = vscode.window.createWebviewPanel(viewType, title, vscode.ViewColumn.Active);
    const jobPanel = createJobPanel(panel, runId, 'log', this.#panelDeps(engine));
    this.#adopt(panel, jobPanel);
    await jobPanel.reveal(line);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const remembered = parsePanelState(state);
    if (remembered === undefined) {
      panel.dispose();
      return;
    }
    const engine = await this.#deps.engine();
    const { createJobPanel } = await import('./panelsPart.ts');
    if (this.#panels.has(remembered.runId)) {
      panel.dispose();
      return;
    }
    this.#adopt(panel, createJobPanel(panel, remembered.runId, remembered.tab, this.#panelDeps(engine)));
  }

  #panelDeps(engine: Engine): PanelDeps {
    return {
      ...this.#deps,
      engine,
      openJob: async (runId, line) => {
        await this.open(runId, line);
      },
      wish: (wish, runId) => {
        this.#wished.fire({ runId, wish });
      },
    };
  }

  #adopt(panel: vscode.WebviewPanel, jobPanel: JobPanel): void {
    panel.iconPath = panelIcon(this.#deps.extensionUri);
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
