import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import type { Logger } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import { copyRequestOf } from './copyRequest.ts';
import { cancelJobs, copyRunId } from './jobActions.ts';
import { openLocation } from './jobLocation.ts';
import type { PanelWish } from './jobPanel.ts';
import { downloadOutputs, openOutput } from './outputActions.ts';
import { openShell } from './reach/openShell.ts';
import type { PortActions } from './reach/portActions.ts';
import { showError } from './showError.ts';
import type { SubmitActions } from './submitActions.ts';

export interface PanelActionsDeps {
  readonly engine: () => Promise<Engine>;
  readonly submissions: SubmitActions;
  readonly ports: PortActions;
  /** Where a result file goes that is only looked at. */
  readonly openedFolder: string;
  readonly logger: Logger;
}

/** What the buttons of a job panel do. */
export class PanelActions {
  readonly #deps: PanelActionsDeps;

  constructor(deps: PanelActionsDeps) {
    this.#deps = deps;
  }

  /** Never rejects: what fails is shown. */
  async fulfil(runId: RunId, wish: PanelWish): Promise<void> {
    try {
      await this.#act(runId, wish);
    } catch (error) {
      this.#deps.logger.error(`${wish.type} of ${runId} failed`, error);
      void showError(error);
    }
  }

  async #act(runId: RunId, wish: PanelWish): Promise<void> {
    const { engine, submissions, ports, openedFolder } = this.#deps;
    switch (wish.type) {
      case 'cancel':
        await cancelJobs(await engine(), [runId], () => {
          // After a question of its own VS Code gives the keyboard to the frame around the panel.
          void vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
        });
        break;
      case 'submitAgain':
        await submissions.submitAgain(runId);
        break;
      case 'copyRunId':
        await copyRunId(runId);
        break;
      case 'copyRequest':
        await copyRequestOf(await engine(), runId);
        break;
      case 'openShell':
        await openShell(await engine(), runId);
        break;
      case 'forwardPort':
        await ports.forward(runId);
        break;
      case 'openForward':
        await ports.open(wish.id);
        break;
      case 'copyForward':
        await ports.copy(wish.id);
        break;
      case 'stopForward':
        ports.forwards.stop(wish.id);
        break;
      case 'reveal':
        await openLocation(await engine(), runId);
        break;
      case 'download':
        await downloadOutputs(await engine(), runId, wish.paths);
        break;
      case 'openFile':
        await openOutput(await engine(), runId, wish.path, openedFolder);
        break;
    }
  }
}
