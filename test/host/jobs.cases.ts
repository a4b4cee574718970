import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';

import * as vscode from 'vscode';

import { test, until } from './runCases.ts';
import { closeEditors, leaving, left, openFile, panelTitles, submitCurrentFile, workspaceFolder } from './workspace.ts';

test('previews the files and the request before anything is sent', async () => {
  await closeEditors();
  await openFile('previewed.py', 'print("never run")\n');
  await vscode.commands.executeCommand('aloft.previewUpload');
  const document = await until('the preview', () =>
    vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'aloft-preview'),
  );
  const text = document.getText();
  assert.match(text, /will be sent from/u);
  assert.match(text, /^\S+ +\d+ B {2}previewed\.py$/mu);
  assert.match(text, /exactly as it will be sent/u);
  assert.match(text, /python previewed\.py/u);
});

test('copies a run id', async () => {
  await openFile('copied.py', leaving('copied.txt', 'done'));
  const runId = await submitCurrentFile();
  await vscode.commands.executeCommand('aloft.copyRunId', runId);
  assert.equal(await vscode.env.clipboard.readText(), runId);
  await left('copied.txt');
});

test('deletes no job that has not ended', async () => {
  await closeEditors();
  const go = vscode.Uri.joinPath(workspaceFolder(), 'go').fsPath;
  const waiting = `import os, time\nwhile not os.path.exists(${JSON.stringify(go)}):\n    time.sleep(0.05)\n`;
  await openFile('kept.py', waiting + leaving('kept.txt', 'done'));
  const runId = await submitCurrentFile();
  try {
    await vscode.commands.executeCommand('aloft.deleteJob', runId);
    await closeEditors();
    await until('no panel', () => (panelTitles().length === 0 ? true : undefined));
    await vscode.commands.executeCommand('aloft.openJob', runId);
    assert.deepEqual(await until('the panel', () => (panelTitles().length > 0 ? panelTitles() : undefined)), [
      'kept.py',
    ]);
  } finally {
    await writeFile(go, '');
  }
  assert.equal(await left('kept.txt'), 'done');
});

test('opens one panel for a job, however often it is asked for', async () => {
  await closeEditors();
  await openFile('one.py', leaving('one.txt', 'done'));
  const runId = await submitCurrentFile();
  await Promise.all([
    vscode.commands.executeCommand('aloft.openJob', runId),
    vscode.commands.executeCommand('aloft.openJob', runId),
  ]);
  await left('one.txt');
  await until('the panel', () => (panelTitles().length > 0 ? true : undefined));
  assert.deepEqual(panelTitles(), ['one.py']);
});
