import * as vscode from 'vscode';

import { errorSentence, isAbort } from './errorSentence.ts';

const shown = new WeakSet<Error>();

/** The one place that shows errors, each once, by whatever ways it gets here. Cancelling is not an error and shows nothing. */
export async function showError(error: unknown): Promise<void> {
  if (isAbort(error)) {
    return;
  }
  if (error instanceof Error) {
    if (shown.has(error)) {
      return;
    }
    shown.add(error);
  }
  const showLog = vscode.l10n.t('Show Log');
  const chosen = await vscode.window.showErrorMessage(errorSentence(error), showLog);
  if (chosen === showLog) {
    await vscode.commands.executeCommand('aloft.showLog');
  }
}
