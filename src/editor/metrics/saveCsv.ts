import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import * as vscode from 'vscode';

import { csvTitles } from '../../core/metrics/seriesCsv.ts';
import type { UserPattern } from '../../core/metrics/userPattern.ts';
import { explainUnwritten } from '../../engine/fileError.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import { withProgress } from '../progress.ts';
import { writePoints } from './writePoints.ts';

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
        await writePoints(log, { kind: 'csv', patterns, names, path: partial }, signal, (lines) => {
          report(vscode.l10n.t('{0} lines', lines.toLocaleString()));
        });
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
