import { homedir } from 'node:os';

import * as vscode from 'vscode';

import { formatBytes } from '../../core/quantity.ts';
import { writeWhole } from '../../engine/writeWhole.ts';
import { withProgress } from '../progress.ts';
import type { LogDocuments } from './logDocuments.ts';
import type { LogSession } from './logSession.ts';
import { joined, logFileName, rowsText } from './logText.ts';

/** More is not put on the clipboard, in characters. */
const mostCopied = 64 * 1024 * 1024;
/** VS Code shows extensions no larger document, in characters. */
const mostShown = 48 * 1024 * 1024;

/** Puts rows of the present view on the clipboard, both included. */
export async function copyRows(session: LogSession, from: number, to: number, numbers: boolean): Promise<void> {
  const text = await withProgress(
    vscode.l10n.t('Copying lines'),
    async (signal) => await joined(rowsText(session.log, session.rows, from, to, numbers, signal), mostCopied),
  );
  if (text === undefined) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('This is too much for the clipboard. Save it to a file instead.'),
    );
    return;
  }
  await vscode.env.clipboard.writeText(text.replace(/\n$/u, ''));
}

/** Saves the whole log as it was printed, or what a filter shows of it as text, to a file that the person chooses. */
export async function saveLog(session: LogSession, what: 'log' | 'view', name: string): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const proposed = logFileName(name, what === 'view' ? '-shown' : '').replaceAll(/[^\p{L}\p{N}._-]+/gu, '_');
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, proposed),
    title: what === 'log' ? vscode.l10n.t('Save the whole log') : vscode.l10n.t('Save the lines that are shown'),
  });
  if (target === undefined) {
    return;
  }
  await withProgress(vscode.l10n.t('Saving {0}', target.fsPath), async (signal, report) => {
    const pieces = what === 'view' ? allRowsText(session, 'view', signal) : session.log.bytes();
    await writeWhole(target.fsPath, pieces, signal, (bytes) => {
      report(formatBytes(bytes));
    });
  });
}

/** The text of all rows, those among them that the filter or the count of lines has yet to come to. */
async function* allRowsText(session: LogSession, what: 'log' | 'view', signal: AbortSignal): AsyncIterable<string> {
  const rows = await session.allRows(what, signal);
  if (rows === null) {
    throw new Error(
      vscode.l10n.t('The log was closed, or filtered in another way, before all of its lines were known.'),
    );
  }
  const { log } = session;
  yield* rowsText(log, rows, 0, rows.count(log.outline.lines) - 1, false, signal);
}

/** Opens the log as a read-only document, unless it is too large for that. */
export async function showAsDocument(
  session: LogSession,
  documents: LogDocuments,
  name: string,
  id: string,
): Promise<void> {
  const text = await withProgress(
    vscode.l10n.t('Opening the log of {0}', name),
    async (signal) => await joined(allRowsText(session, 'log', signal), mostShown),
  );
  if (text === undefined) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('VS Code shows extensions no document of more than 50 MB. Filter the log, or save it to a file.'),
    );
    return;
  }
  await documents.show(name, id, text);
}

/** Only to the web: what a log prints must not open anything else. */
export async function openLink(url: string): Promise<void> {
  if (/^https?:\/\//iu.test(url)) {
    await vscode.env.openExternal(vscode.Uri.parse(url, true));
  }
}
