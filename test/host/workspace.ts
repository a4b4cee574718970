import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import * as vscode from 'vscode';

import { until } from './runCases.ts';

/** The folder that the tests run in; it is theirs to change. */
export function workspaceFolder(): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder, 'the tests need a folder');
  return folder;
}

/** Writes a file into the folder and opens it in the active editor. */
export async function openFile(name: string, text: string): Promise<vscode.TextDocument> {
  const uri = vscode.Uri.joinPath(workspaceFolder(), name);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  return document;
}

/** A Python script that leaves `text` in the folder, in a file that a job's own folder does not have. */
export function leaving(name: string, text: string): string {
  return `open(${JSON.stringify(vscode.Uri.joinPath(workspaceFolder(), name).fsPath)}, 'w').write(${JSON.stringify(text)})\n`;
}

/** What a job left in the folder, as soon as it has. */
export async function left(name: string): Promise<string> {
  return await until(`${name} from a job`, async () => {
    const text = await readFile(vscode.Uri.joinPath(workspaceFolder(), name).fsPath, 'utf8').catch(() => '');
    return text === '' ? undefined : text;
  });
}

/** Submits the file in the active editor; its run id once the provider accepted it. */
export async function submitCurrentFile(): Promise<string> {
  const runId: unknown = await vscode.commands.executeCommand('aloft.submitCurrentFile');
  assert.match(String(runId), /^[0-9A-Z]{26}$/u);
  return String(runId);
}

/** The titles of the job panels that are open. */
export function panelTitles(): readonly string[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('aloft.job'))
    .map(({ label }) => label);
}

export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
