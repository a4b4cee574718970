import { stat } from 'node:fs/promises';

import * as vscode from 'vscode';

import type { Job, RunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { OutputFile } from '../core/provider.ts';
import type { Engine } from '../engine/engine.ts';
import { jobRow } from './jobRow.ts';
import { withProgress } from './progress.ts';

const pickLimit = 500;

/** Lets the person choose among the jobs a command can be about; undefined when they leave or there is none. */
export async function pickJob(engine: Engine, fits: (job: Job) => boolean, placeHolder: string): Promise<RunId | undefined> {
  const now = Date.now();
  const items = engine.store.summaries({ limit: pickLimit }).flatMap((summary) => {
    const job = engine.store.job(summary.runId);
    if (job === undefined || !fits(job)) {
      return [];
    }
    const row = jobRow(summary, engine.placeLabel(summary.connectionId), now);
    return [{ label: `$(${row.icon}) ${row.label}`, description: row.description, runId: summary.runId }];
  });
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no job this can be done with.'));
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
  return chosen?.runId;
}

const names = (jobs: readonly Job[]): string =>
  jobs.length === 1 ? (jobs[0]?.name ?? '') : vscode.l10n.t('{0} jobs', jobs.length);

function jobsOf(engine: Engine, runIds: readonly RunId[]): readonly Job[] {
  return runIds.flatMap((runId) => engine.store.job(runId) ?? []);
}

export async function cancelJobs(engine: Engine, runIds: readonly RunId[]): Promise<void> {
  const jobs = jobsOf(engine, runIds).filter((job) => !isTerminal(job.state));
  if (jobs.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Nothing to cancel: it has already ended.'));
    return;
  }
  const yes = vscode.l10n.t('Cancel Job');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Cancel {0}?', names(jobs)),
    { modal: true, detail: vscode.l10n.t('What it has not saved is lost. Its log and result files stay.') },
    yes,
  );
  if (chosen === yes) {
    await Promise.all(jobs.map(async (job) => { await engine.cancel(job.runId); }));
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

export async function revealRunFolder(engine: Engine, runId: RunId): Promise<void> {
  const location = await engine.location(runId);
  if (location === null) {
    void vscode.window.showInformationMessage(vscode.l10n.t('This job has no run folder yet.'));
  } else if (location.kind === 'url') {
    await vscode.env.openExternal(vscode.Uri.parse(location.url, true));
  } else if (vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined) {
    await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(location.path));
  } else {
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(location.path), { forceNewWindow: true });
  }
}

/** Asks for a folder and fetches result files into it; all that match when `paths` is undefined. */
export async function downloadOutputs(engine: Engine, runId: RunId, paths?: readonly string[]): Promise<void> {
  const job = engine.store.job(runId);
  if (job === undefined) {
    return;
  }
  const files = await withProgress(vscode.l10n.t('Looking for the results of {0}', job.name), async (signal) => {
    const listed = await engine.outputs(runId, signal);
    return paths === undefined ? listed : listed.filter((file) => paths.includes(file.path));
  });
  if (files.length === 0) {
    void vscode.window.showInformationMessage(noOutputs(job));
    return;
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
    openLabel: vscode.l10n.t('Download Here'),
    title: vscode.l10n.t('Where to put {0} files of {1}', files.length, job.name),
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
  const destination = chosen?.[0];
  if (destination !== undefined) {
    await fetchInto(engine, job, files, destination);
  }
}

function noOutputs(job: Job): string {
  return job.spec.outputs.length === 0
    ? vscode.l10n.t('{0} names no result files. Give patterns such as outputs/** in the New Job form.', job.name)
    : vscode.l10n.t('No file of {0} matches {1}.', job.name, job.spec.outputs.join(', '));
}

async function fetchInto(engine: Engine, job: Job, files: readonly OutputFile[], destination: vscode.Uri): Promise<void> {
  const existing = await existingPaths(files, destination);
  let overwrite = false;
  if (existing.length > 0) {
    const yes = vscode.l10n.t('Replace');
    const chosen = await vscode.window.showWarningMessage(
      vscode.l10n.t('{0} of these files are there already. Replace them?', existing.length),
      { modal: true, detail: existing.slice(0, 8).join('\n') },
      yes,
    );
    if (chosen !== yes) {
      return;
    }
    overwrite = true;
  }
  await withProgress(vscode.l10n.t('Downloading the results of {0}', job.name), async (signal, report) => {
    await engine.fetchOutputs(job.runId, files, { destination: destination.fsPath, overwrite }, signal, report);
  });
  const open = vscode.l10n.t('Show Folder');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} files of {1} are in {2}.', files.length, job.name, destination.fsPath),
    open,
  );
  if (chosen === open) {
    await vscode.commands.executeCommand('revealInExplorer', destination);
  }
}

async function existingPaths(files: readonly OutputFile[], destination: vscode.Uri): Promise<readonly string[]> {
  const found = await Promise.all(
    files.map(async ({ path }) =>
      await stat(vscode.Uri.joinPath(destination, path).fsPath).then(
        () => [path],
        () => [],
      ),
    ),
  );
  return found.flat();
}
