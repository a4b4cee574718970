import * as vscode from 'vscode';

import { currentAttempt, type Job, type RunId } from '../../core/job.ts';
import type { Engine } from '../../engine/engine.ts';
import { type Ability, reachProblem } from './reachProblem.ts';

/** The job when it can be reached in that way now; else says why not. */
export async function mayReach(engine: Engine, runId: RunId, ability: Ability): Promise<Job | undefined> {
  const job = engine.store.job(runId);
  const attempt = currentAttempt(job);
  if (job === undefined || attempt === undefined) {
    return undefined;
  }
  const { connectionId } = attempt;
  const { isTrusted } = vscode.workspace;
  const place = engine.placeLabel(connectionId);
  const problem = reachProblem(ability, { job, place, abilities: engine.abilities(connectionId), isTrusted });
  if (problem === null) {
    return job;
  }
  const manage = vscode.l10n.t('Manage trust');
  const chosen = await vscode.window.showWarningMessage(problem, ...(isTrusted ? [] : [manage]));
  if (chosen === manage) {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }
  return undefined;
}
