import * as vscode from 'vscode';

import { parseSettings, type Settings } from './parseSettings.ts';

const section = 'aloft';

/** The one place that reads and writes settings. */
export function readSettings(): Settings {
  const configuration = vscode.workspace.getConfiguration(section);
  return parseSettings((name) => configuration.get<unknown>(name));
}

export function onDidChangeSetting(name: string, then: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${section}.${name}`)) {
      then();
    }
  });
}

/** Adds to a setting that is an object: in the workspace when it has one of its own, else for the person everywhere. */
export async function addToSetting(name: string, key: string, value: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section);
  const { workspaceValue, globalValue } = configuration.inspect<Readonly<Record<string, unknown>>>(name) ?? {};
  const target =
    workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  await configuration.update(name, { ...(workspaceValue ?? globalValue), [key]: value }, target);
}
