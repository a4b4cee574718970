import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import * as vscode from 'vscode';

import type { Job, RunId } from '../core/job.ts';
import type { OutputFile } from '../core/provider.ts';
import { ProviderError } from '../core/providerError.ts';
import type { Engine } from '../engine/engine.ts';
import { withProgress } from './progress.ts';

/** Fetches one result file into `folder` and opens it. Only a file that the job itself lists is opened. */
export async function openOutput(engine: Engine, runId: RunId, path: string, folder: string): Promise<void> {
  const destination = join(folder, runId);
  await withProgress(vscode.l10n.t('Opening {0}', path), async (signal, report) => {
    const file = (await engine.accepted.outputs(runId, signal)).find((candidate) => candidate.path === path);
    if (file === undefined) {
      throw new ProviderError(
        'notFound',
        vscode.l10n.t('{0} is not among the result files of this job any more.', path),
      );
    }
    await mkdir(destination, { recursive: true });
    await engine.accepted.fetchOutputs(runId, [file], { destination, overwrite: true }, signal, report);
  });
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.joinPath(vscode.Uri.file(destination), path));
}

/** Asks for a folder and fetches result files into it; all that match when `paths` is undefined. */
export async function downloadOutputs(engine: Engine, runId: RunId, paths?: readonly string[]): Promise<void> {
  const job = engine.store.job(runId);
  if (job === undefined) {
    return;
  }
  const files = await withProgress(vscode.l10n.t('Looking for the results of {0}', job.name), async (signal) => {
    const listed = await engine.accepted.outputs(runId, signal);
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
    title:
      files.length === 1
        ? vscode.l10n.t('Where to put {0}', files[0]?.path ?? '')
        : vscode.l10n.t('Where to put {0} files of {1}', files.length, job.name),
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

async function fetchInto(
  engine: Engine,
  job: Job,
  files: readonly OutputFile[],
  destination: vscode.Uri,
): Promise<void> {
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
    await engine.accepted.fetchOutputs(
      job.runId,
      files,
      { destination: destination.fsPath, overwrite },
      signal,
      report,
    );
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
    files.map(
      async ({ path }) =>
        await stat(vscode.Uri.joinPath(destination, path).fsPath).then(
          () => [path],
          () => [],
        ),
    ),
  );
  return found.flat();
}
