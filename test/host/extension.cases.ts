import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { test } from './runCases.ts';
import { workspaceFolder } from './workspace.ts';

const id = 'aloft.aloft';

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension<unknown>(id);
  assert.ok(found, `${id} is not installed`);
  return found;
}

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'contributes' in value;
}

test('activates and exports nothing', async () => {
  await extension().activate();
  assert.equal(extension().isActive, true);
  assert.equal(extension().exports, undefined);
});

test('registers every command of its manifest', async () => {
  const manifest: unknown = extension().packageJSON;
  assert.ok(isManifest(manifest));
  const registered = new Set(await vscode.commands.getCommands(true));
  const missing = manifest.contributes.commands
    .map(({ command }) => command)
    .filter((command) => !registered.has(command));
  assert.deepEqual(missing, []);
});

test('has its views', async () => {
  const registered = new Set(await vscode.commands.getCommands(true));
  assert.ok(registered.has('aloft.newJob.focus'));
  assert.ok(registered.has('aloft.jobs.focus'));
  assert.ok(registered.has('aloft.providers.focus'));
});

test('takes connections from the person, never from a folder', async () => {
  const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('aloft');
  const planted = [{ id: 'planted', provider: 'local', label: 'planted', settings: {} }];
  await assert.rejects(async () => {
    await settings().update('connections', planted, vscode.ConfigurationTarget.Workspace);
  });
  const file = vscode.Uri.joinPath(workspaceFolder(), '.vscode', 'settings.json');
  await vscode.workspace.fs.writeFile(file, Buffer.from(JSON.stringify({ 'aloft.connections': planted })));
  try {
    await settings().update('connections', [], vscode.ConfigurationTarget.Global);
    assert.deepEqual(settings().get('connections'), []);
  } finally {
    await settings().update('connections', undefined, vscode.ConfigurationTarget.Global);
    await vscode.workspace.fs.delete(file);
  }
});
