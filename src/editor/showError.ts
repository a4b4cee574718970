import * as vscode from 'vscode';

import { isProviderError } from '../core/providerError.ts';

/** The sentence people read for an error: what happened, then what they can do. */
export function errorSentence(error: unknown): string {
  if (isProviderError(error)) {
    return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  }
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

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
