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

/** What a person wrote for themselves, on this machine; a workspace has no say in it. */
export function personalSetting(name: string): unknown {
  return vscode.workspace.getConfiguration(section).inspect(name)?.globalValue;
}

export async function setPersonalSetting(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration(section).update(name, value, vscode.ConfigurationTarget.Global);
}

/** Opens the file that `setPersonalSetting` writes, at the setting: that of the machine the extension runs on. */
export async function editPersonalSetting(name: string): Promise<void> {
  const command =
    vscode.env.remoteName === undefined
      ? 'workbench.action.openApplicationSettingsJson'
      : 'workbench.action.openRemoteSettingsFile';
  await vscode.commands.executeCommand(command, { revealSetting: { key: `${section}.${name}`, edit: true } });
}

/** Adds to a setting that is an object: in the workspace when it has one of its own, else for the person everywhere. */
export async function addToSetting(name: string, key: string, value: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section);
  const { workspaceValue, globalValue } = configuration.inspect<Readonly<Record<string, unknown>>>(name) ?? {};
  const target =
    workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  await configuration.update(name, { ...(workspaceValue ?? globalValue), [key]: value }, target);
}
