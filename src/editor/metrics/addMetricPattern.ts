import * as vscode from 'vscode';

import { parseUserPatterns } from '../../core/metrics/userPattern.ts';
import { addToSetting } from '../settings.ts';

/** Asks for a pattern and its name, and adds it to the settings. */
export async function addMetricPattern(): Promise<void> {
  const title = vscode.l10n.t('Find a metric with your own pattern');
  const source = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('A regular expression with a group named value, and perhaps one named step'),
    placeHolder: String.raw`PSNR is (?<value>[\d.]+) at (?<step>\d+)`,
    ignoreFocusOut: true,
    validateInput: (text) => parseUserPatterns({ metric: text }).errors[0]?.replace(/^metric: /u, ''),
  });
  if (source === undefined) {
    return;
  }
  const name = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('What is the metric called?'),
    placeHolder: 'psnr',
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('A name is missing.') : undefined),
  });
  if (name !== undefined) {
    await addToSetting('metrics.patterns', name.trim(), source);
  }
}
