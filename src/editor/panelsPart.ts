import * as vscode from 'vscode';

import { JobPanel } from './jobPanel.ts';
import { useStrings } from './l10n.ts';
import { LogFilePanel } from './log/logFilePanel.ts';

// The texts of this bundle are its own to translate.
useStrings(vscode.l10n.bundle);

/*
 * What is shown in editor tabs, in a bundle of its own: loaded when the first of them opens.
 */

export function createJobPanel(...args: ConstructorParameters<typeof JobPanel>): JobPanel {
  return new JobPanel(...args);
}

export function createLogFilePanel(...args: ConstructorParameters<typeof LogFilePanel>): LogFilePanel {
  return new LogFilePanel(...args);
}
