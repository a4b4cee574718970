import * as vscode from 'vscode';

import { commandByHand } from '../core/commandByHand.ts';
import { currentAttempt, type RunId } from '../core/job.ts';
import type { Engine } from '../engine/engine.ts';
import type { PlannedRequest } from '../engine/preparation.ts';
import { withProgress } from './progress.ts';

/** Copies a request that was not submitted, as people of its backend run it. Where its command needs the code, that may go first. */
export async function copyPlanned(engine: Engine, request: PlannedRequest): Promise<void> {
  const { preparation } = engine;
  const { plan, secrets, connectionId } = request;
  if (plan.command !== undefined) {
    await preparation.checkByHand(connectionId, request.snapshot.id, new AbortController().signal);
  }
  if (plan.command !== undefined && !preparation.isStaged(request)) {
    const answer = await askToStage(engine.placeLabel(connectionId));
    if (answer === undefined) {
      return;
    }
    if (answer === 'stage') {
      await withProgress(vscode.l10n.t('Sending the code'), async (signal, report) => {
        await preparation.stage(request, signal, ({ sentBytes, totalBytes }) => {
          report(totalBytes === 0 ? '' : `${Math.floor((100 * sentBytes) / totalBytes)} %`);
        });
      });
    }
  }
  await copy(commandByHand({ plan, secrets, isStaged: preparation.isStaged(request) }));
}

/** The request of the newest attempt of a job. */
export async function copyRequestOf({ store, preparation }: Engine, runId: RunId): Promise<void> {
  const job = store.job(runId);
  const attempt = currentAttempt(job);
  const key = attempt === undefined ? undefined : { runId, attempt: attempt.number };
  const plan = key === undefined ? null : store.plan(key);
  if (job === undefined || attempt === undefined || key === undefined || plan === null) {
    void vscode.window.showInformationMessage(vscode.l10n.t('This job has no request yet.'));
    return;
  }
  if (plan.command !== undefined && job.snapshotId !== null) {
    await preparation.checkByHand(attempt.connectionId, job.snapshotId, new AbortController().signal);
  }
  const isStaged = store.journal(key).some(({ step }) => step === 'staged');
  await copy(commandByHand({ plan, secrets: job.spec.secrets, isStaged }));
}

/** undefined: the person went away. */
async function askToStage(place: string): Promise<'stage' | 'copy' | undefined> {
  const stage = vscode.l10n.t('Send Code and Copy');
  const only = vscode.l10n.t('Copy Only');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('The code may not be in the storage of {0} yet, from where the command takes it.', place),
    {
      modal: true,
      detail: vscode.l10n.t(
        'It can be sent now, without a submission. Else it comes there with the first submission of these files.',
      ),
    },
    stage,
    only,
  );
  return answer === undefined ? undefined : answer === stage ? 'stage' : 'copy';
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied the request'), 3_000);
}
