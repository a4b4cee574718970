import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import * as vscode from 'vscode';

import { test, until } from './runCases.ts';
import { closeEditors, leaving, left, openFile, panelTitles, submitCurrentFile, workspaceFolder } from './workspace.ts';

test('runs the file in the active editor on this machine and opens its panel', async () => {
  await closeEditors();
  await openFile('first.py', leaving('first.txt', 'done'));
  await submitCurrentFile();
  await until('the panel', () => (panelTitles().includes('first.py') ? true : undefined));
  assert.equal(await left('first.txt'), 'done');
});

test('saves what is open before it submits', async () => {
  await closeEditors();
  const document = await openFile('unsaved.py', leaving('unsaved.txt', 'as it was'));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), leaving('unsaved.txt', 'as it is now'));
  await vscode.workspace.applyEdit(edit);
  assert.equal(document.isDirty, true);
  await submitCurrentFile();
  assert.equal(document.isDirty, false);
  assert.equal(await left('unsaved.txt'), 'as it is now');
});

test('submits a job again with the code as it is then', async () => {
  await closeEditors();
  await openFile('again.py', leaving('again-1.txt', 'one'));
  const first = await submitCurrentFile();
  await left('again-1.txt');
  await openFile('again.py', leaving('again-2.txt', 'two'));
  const second: unknown = await vscode.commands.executeCommand('aloft.submitAgain', first);
  assert.match(String(second), /^[0-9A-Z]{26}$/u);
  assert.notEqual(second, first);
  assert.equal(await left('again-2.txt'), 'two');
});

test('submits a job again with the Python it had, and once however often it is pressed', async () => {
  await closeEditors();
  const python = vscode.Uri.joinPath(workspaceFolder(), '.venv', 'bin', 'python').fsPath;
  await mkdir(dirname(python), { recursive: true });
  const record = vscode.Uri.joinPath(workspaceFolder(), 'pythons.txt').fsPath;
  // In a job, python3 on the PATH is this very file.
  const program = `#!/bin/sh\necho the one in .venv >> '${record}'; PATH=/usr/local/bin:/usr/bin:/bin exec python3 "$@"\n`;
  await writeFile(python, program, { mode: 0o755 });
  try {
    await openFile('chosen.py', leaving('chosen-1.txt', 'one'));
    const first = await submitCurrentFile();
    await left('chosen-1.txt');
    await openFile('chosen.py', leaving('chosen-2.txt', 'two'));
    const presses: readonly unknown[] = await Promise.all([
      vscode.commands.executeCommand('aloft.submitAgain', first),
      vscode.commands.executeCommand('aloft.submitAgain', first),
      vscode.commands.executeCommand('aloft.submitAgain', first),
    ]);
    assert.equal(presses.filter((runId) => runId !== undefined).length, 1);
    await left('chosen-2.txt');
    const pythons = await readFile(record, 'utf8');
    assert.equal(pythons.split('\n').filter((line) => line === 'the one in .venv').length, 2);
  } finally {
    await rm(dirname(dirname(python)), { recursive: true });
  }
});

test('submits no file from outside the workspace', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'aloft-elsewhere-'));
  try {
    const file = join(elsewhere, 'outside.py');
    await writeFile(file, leaving('outside.txt', 'ran'));
    const runId: unknown = await vscode.commands.executeCommand('aloft.submitCurrentFile', vscode.Uri.file(file));
    assert.equal(runId, undefined);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});

test('opens no panel when the settings say so', async () => {
  const settings = vscode.workspace.getConfiguration('aloft');
  await settings.update('submit.openJob', false, vscode.ConfigurationTarget.Global);
  try {
    await closeEditors();
    await openFile('quiet.py', leaving('quiet.txt', 'done'));
    const runId = await submitCurrentFile();
    await left('quiet.txt');
    assert.deepEqual(panelTitles(), []);
    await vscode.commands.executeCommand('aloft.openJob', runId);
    assert.deepEqual(await until('the panel', () => (panelTitles().length > 0 ? panelTitles() : undefined)), [
      'quiet.py',
    ]);
  } finally {
    await settings.update('submit.openJob', undefined, vscode.ConfigurationTarget.Global);
  }
});
