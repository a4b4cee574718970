import * as vscode from 'vscode';

import type { Job, RunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Engine } from '../engine/engine.ts';
import type { JobSummary } from '../engine/jobRows.ts';
import { jobRow } from './jobRow.ts';
import { withProgress } from './progress.ts';

const pickLimit = 500;

/** Lets the person choose among the jobs a command can be about; undefined when they leave or there is none. */
export async function pickJob(
  engine: Engine,
  fits: (job: JobSummary) => boolean,
  placeHolder: string,
): Promise<RunId | undefined> {
  const items = jobItems(engine, fits);
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no job this can be done with.'));
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
  return chosen?.runId;
}

/** Lets the person choose the jobs that are shown beside one; undefined when they leave. */
export async function pickJobsBeside(
  engine: Engine,
  own: RunId,
  shown: readonly string[],
): Promise<readonly RunId[] | undefined> {
  const items = jobItems(engine, ({ runId, startedAt }) => runId !== own && startedAt !== null);
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no other job that has run yet.'));
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(
    items.map((item) => ({ ...item, picked: shown.includes(item.runId) })),
    {
      canPickMany: true,
      placeHolder: vscode.l10n.t('Which jobs’ curves are to be shown beside this one?'),
      matchOnDescription: true,
    },
  );
  return chosen?.map(({ runId }) => runId);
}

function jobItems(engine: Engine, fits: (job: JobSummary) => boolean): (vscode.QuickPickItem & { runId: RunId })[] {
  const now = Date.now();
  return engine.store
    .summaries({ limit: pickLimit })
    .filter(fits)
    .map((summary) => {
      const { connectionId } = summary;
      const row = jobRow(summary, engine.placeLabel(connectionId), now, engine.abilities(connectionId));
      return { label: `$(${row.icon}) ${row.label}`, description: row.description, runId: summary.runId };
    });
}

const names = (jobs: readonly Job[]): string =>
  jobs.length === 1 ? (jobs[0]?.name ?? '') : vscode.l10n.t('{0} jobs', jobs.length);

function jobsOf(engine: Engine, runIds: readonly RunId[]): readonly Job[] {
  return runIds.flatMap((runId) => engine.store.job(runId) ?? []);
}

/** `answered` is called as soon as the question is gone: it can take long until the wish has reached the providers. */
export async function cancelJobs(
  engine: Engine,
  runIds: readonly RunId[],
  answered = (): void => undefined,
): Promise<void> {
  const jobs = jobsOf(engine, runIds).filter((job) => !isTerminal(job.state));
  if (jobs.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Nothing to cancel: it has already ended.'));
    return;
  }
  const yes = vscode.l10n.t('Cancel Job');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Cancel {0}?', names(jobs)),
    { modal: true, detail: vscode.l10n.t('What it has not saved is lost. Its log and result files stay.') },
    { title: yes },
    // Beside a button named Cancel Job, one that reads Cancel would be a riddle.
    { title: vscode.l10n.t('Keep Running'), isCloseAffordance: true },
  );
  answered();
  if (chosen?.title === yes) {
    await Promise.all(
      jobs.map(async (job) => {
        await engine.cancel(job.runId);
      }),
    );
  }
}

export async function deleteJobs(engine: Engine, runIds: readonly RunId[]): Promise<void> {
  const jobs = jobsOf(engine, runIds);
  const ended = jobs.filter((job) => isTerminal(job.state));
  if (ended.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Only a job that has ended can be deleted. Cancel it first.'),
    );
    return;
  }
  const yes = vscode.l10n.t('Delete');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Delete {0}?', names(ended)),
    {
      modal: true,
      detail: vscode.l10n.t('Its log, its run folder and the result files in it are removed. Downloaded files stay.'),
    },
    yes,
  );
  if (chosen === yes) {
    await withProgress(vscode.l10n.t('Deleting {0}', names(ended)), async (signal) => {
      for (const job of ended) {
        await engine.deleteJob(job.runId, signal);
      }
    });
  }
}

export async function copyRunId(runId: RunId): Promise<void> {
  await vscode.env.clipboard.writeText(runId);
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0}', runId), 3_000);
}
