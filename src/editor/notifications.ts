import * as vscode from 'vscode';

import { type Job, type RunId, isRunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Engine } from '../engine/engine.ts';
import { readSettings } from './settings.ts';

const submittedKey = 'aloft.submittedHere';
/** Claimed for ever: the notification of a job is shown by one window, once. */
const forEver = 100 * 365 * 24 * 3_600_000;

/** Tells once when a job that was submitted from this workspace has ended. */
export class EndNotifier implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  #subscription: { dispose(): void } | undefined;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  get #pending(): readonly RunId[] {
    const stored = this.#memory.get<unknown>(submittedKey);
    return Array.isArray(stored) ? stored.filter(isRunId) : [];
  }

  async expect(runId: RunId): Promise<void> {
    await this.#memory.update(submittedKey, [...this.#pending, runId]);
  }

  attach(engine: Engine): void {
    const check = (): void => {
      for (const runId of this.#pending) {
        const job = engine.store.job(runId);
        if (job === undefined || isTerminal(job.state)) {
          void this.#end(engine, runId, job);
        }
      }
    };
    this.#subscription = engine.onDidChange(check);
    check();
  }

  async #end(engine: Engine, runId: RunId, job: Job | undefined): Promise<void> {
    await this.#memory.update(
      submittedKey,
      this.#pending.filter((other) => other !== runId),
    );
    const wanted = readSettings().jobEndedNotifications;
    const silent = job === undefined || job.state === 'cancelled' || wanted === 'none' || (wanted === 'failed' && job.state !== 'failed');
    if (silent || !engine.store.acquireLease(`notified:${runId}`, forEver)) {
      return;
    }
    await show(job);
  }

  dispose(): void {
    this.#subscription?.dispose();
  }
}

async function show(job: Job): Promise<void> {
  const open = vscode.l10n.t('Open Log');
  const again = vscode.l10n.t('Submit Again');
  const settings = vscode.l10n.t("Don't Show Again");
  const failed = job.state === 'failed';
  const message = failed
    ? vscode.l10n.t('{0} failed: {1}', job.name, job.reason ?? vscode.l10n.t('no reason was given'))
    : vscode.l10n.t('{0} succeeded.', job.name);
  const chosen = failed
    ? await vscode.window.showWarningMessage(message, open, again, settings)
    : await vscode.window.showInformationMessage(message, open, vscode.l10n.t('Download Outputs'), settings);
  switch (chosen) {
    case undefined:
      break;
    case open:
      await vscode.commands.executeCommand('aloft.openJob', job.runId);
      break;
    case again:
      await vscode.commands.executeCommand('aloft.submitAgain', job.runId);
      break;
    case settings:
      await vscode.commands.executeCommand('workbench.action.openSettings', 'aloft.notifications.jobEnded');
      break;
    default:
      await vscode.commands.executeCommand('aloft.downloadOutputs', job.runId);
  }
}
