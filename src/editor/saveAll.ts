import * as vscode from 'vscode';

import { ProviderError } from '../core/providerError.ts';

/** Writes unsaved editors to disk, since what is submitted is what is on disk. Rejects when one of them cannot be saved. */
export async function saveAll(): Promise<void> {
  if (!(await vscode.workspace.saveAll(false))) {
    throw new ProviderError(
      'conflict',
      vscode.l10n.t('Some open files could not be saved, so nothing was submitted.'),
      {
        remedy: vscode.l10n.t('Save or close them, then submit again.'),
      },
    );
  }
}
