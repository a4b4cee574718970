import { open } from 'node:fs/promises';

import * as vscode from 'vscode';

/** How much of a file tells what it is, in bytes. */
const startBytes = 8_192;

/** What a shell script begins with, as it stands in its editor or on disk; empty for files of other kinds. */
export function startOfDocument(document: vscode.TextDocument | undefined): string {
  return document?.languageId === 'shellscript' ? document.getText().slice(0, startBytes) : '';
}

/** The same for a file that may not be open. */
export async function startOfFile(file: vscode.Uri): Promise<string> {
  const shown = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  if (shown !== undefined) {
    return startOfDocument(shown);
  }
  const handle = await open(file.fsPath).catch(() => undefined);
  try {
    const { buffer, bytesRead } = (await handle?.read(Buffer.alloc(startBytes), 0, startBytes, 0)) ?? {
      buffer: Buffer.of(),
      bytesRead: 0,
    };
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    // A folder, or a file that cannot be read: that it cannot be sent is said elsewhere.
    return '';
  } finally {
    await handle?.close();
  }
}
