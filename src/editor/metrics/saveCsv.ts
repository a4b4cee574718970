import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import * as vscode from 'vscode';

import { csvTitles } from '../../core/metrics/seriesCsv.ts';
import type { UserPattern } from '../../core/metrics/userPattern.ts';
import { explainUnwritten } from '../../engine/fileError.ts';
import { LogRewritten } from '../../engine/log/logLines.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import { withProgress } from '../progress.ts';

/**
 * Saves every point of the metrics of these names, or of all, to a file that the person chooses. Closes the log. Rejects with the
 * system's error; a file that was there before is then as it was.
 */
export async function saveCsv(
  log: OpenLog,
  patterns: readonly UserPattern[],
  names: readonly string[] | null,
  title: string,
): Promise<void> {
  try {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
    const proposed = [title, ...(names?.length === 1 ? names : [])].join(' ').replaceAll(/[^\p{L}\p{N}._-]+/gu, '_');
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(folder, `${proposed}.csv`),
      filters: { CSV: ['csv'] },
      title: vscode.l10n.t('Save metrics'),
    });
    if (target === undefined) {
      return;
    }
    const partial = join(dirname(target.fsPath), `.aloft-${randomUUID()}.part`);
    try {
      await withProgress(vscode.l10n.t('Saving {0}', target.fsPath), async (signal, report) => {
        await writeFile(partial, csvTitles, { flag: 'wx' });
        await writePoints(log, { kind: 'csv', patterns, names, path: partial }, signal, report);
      });
      await rename(partial, target.fsPath);
    } catch (error) {
      await rm(partial, { force: true });
      throw explainUnwritten(error, target.fsPath);
    }
  } finally {
    await log.close();
  }
}

/** Resolves when all that the log has now was looked at. */
async function writePoints(
  log: OpenLog,
  goal: Extract<Parameters<OpenLog['scan']>[0], { readonly kind: 'csv' }>,
  signal: AbortSignal,
  report: (message: string) => void,
): Promise<void> {
  void log.follow();
  const ended = Promise.withResolvers<undefined>();
  const abort = (): void => {
    ended.reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  const { generation } = log.outline;
  let scanned = 0;
  const look = (): void => {
    if (log.outline.generation !== generation) {
      ended.reject(new LogRewritten());
    } else if (log.outline.counted && scanned >= log.outline.lines) {
      ended.resolve(undefined);
    }
  };
  const subscription = log.onDidChange(look);
  const scan = log.scan(goal, (message) => {
    if (message.kind === 'problem') {
      ended.reject(new Error(message.message));
    } else if (message.kind === 'caughtUp') {
      ({ scanned } = message);
      report(vscode.l10n.t('{0} lines', scanned.toLocaleString()));
      look();
    }
  });
  try {
    await ended.promise;
  } finally {
    signal.removeEventListener('abort', abort);
    subscription.dispose();
    scan.dispose();
    await scan.ended;
  }
}
