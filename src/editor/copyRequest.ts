import * as vscode from 'vscode';

import { currentAttempt, type RunId } from '../core/job.ts';
import type { Engine } from '../engine/engine.ts';

/** Copies the native request as people of that backend write it. */
export async function copyRequest(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied the request'), 3_000);
}

/** The request of the newest attempt of a job. */
export async function copyRequestOf(engine: Engine, runId: RunId): Promise<void> {
  const attempt = currentAttempt(engine.store.job(runId));
  const plan = attempt === undefined ? null : engine.store.plan({ runId, attempt: attempt.number });
  if (plan === null) {
    void vscode.window.showInformationMessage(vscode.l10n.t('This job has no request yet.'));
  } else {
    await copyRequest(plan.text);
  }
}
