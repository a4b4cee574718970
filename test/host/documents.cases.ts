import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { TextDocuments } from '../../src/editor/textDocuments.ts';
import { test, until } from './runCases.ts';
import { closeEditors } from './workspace.ts';

const scheme = 'aloft-test';
const openDocuments = (): readonly vscode.TextDocument[] =>
  vscode.workspace.textDocuments.filter(({ uri, isClosed }) => uri.scheme === scheme && !isClosed);
const texts = (): readonly string[] => openDocuments().map((document) => document.getText());

test('shows the new text in a document that is open already', async () => {
  await closeEditors();
  const documents = new TextDocuments(scheme, 'forgotten');
  try {
    for (const text of ['one', 'two\ntwo', 'three']) {
      await documents.show('a/name.log', 'id', text, 'log');
      await until(text, () => (texts().join() === text ? true : undefined));
    }
    assert.equal(openDocuments()[0]?.uri.path, '/a_name.log');
    assert.equal(openDocuments()[0]?.languageId, 'log');
    assert.equal(vscode.window.activeTextEditor?.document.uri.scheme, scheme);
  } finally {
    documents.dispose();
  }
});

test('tells documents of the same title apart', async () => {
  await closeEditors();
  const documents = new TextDocuments(scheme, 'forgotten');
  try {
    await documents.show('same', 'first', 'of the first', 'log');
    await documents.show('same', 'second', 'of the second', 'log');
    assert.equal(vscode.window.activeTextEditor?.document.getText(), 'of the second');
  } finally {
    documents.dispose();
  }
});

test('remembers the text of an open document and forgets that of a closed one', async () => {
  await closeEditors();
  const documents = new TextDocuments(scheme, 'forgotten');
  try {
    await documents.show('kept', 'kept', 'its text', 'log');
    const [uri] = openDocuments().flatMap((document) => (document.uri.path === '/kept' ? [document.uri] : []));
    assert.ok(uri);
    assert.equal(documents.provideTextDocumentContent(uri), 'its text');
    await closeEditors();
    // VS Code keeps the documents that were opened last, though nobody shows them any more.
    for (let other = 0; other < 100; other += 1) {
      await vscode.workspace.openTextDocument(uri.with({ path: `/other-${other}` }));
    }
    await until('the text to be forgotten', () =>
      documents.provideTextDocumentContent(uri) === 'forgotten' ? true : undefined,
    );
  } finally {
    documents.dispose();
  }
});
