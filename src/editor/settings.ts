import * as vscode from 'vscode';

import { parseSettings, type Settings } from './parseSettings.ts';

/** The one place that reads settings. */
export function readSettings(): Settings {
  const configuration = vscode.workspace.getConfiguration('aloft');
  return parseSettings((name) => configuration.get<unknown>(name));
}
