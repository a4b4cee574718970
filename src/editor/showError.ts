import * as vscode from 'vscode';

import { errorSentence, isAbort } from './errorSentence.ts';

/** The one place that shows errors. Cancelling is not an error and shows nothing. */
export async function showError(error: unknown): Promise<void> {
  if (isAbort(error)) {
    return;
  }
  const showLog = vscode.l10n.t('Show Log');
  const chosen = await vscode.window.showErrorMessage(errorSentence(error), showLog);
  if (chosen === showLog) {
    await vscode.commands.executeCommand('aloft.showLog');
  }
}
