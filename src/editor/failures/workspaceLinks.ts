import * as vscode from 'vscode';

import type { FileLink } from '../../protocol/logView.ts';
import { pathInside } from '../pathInside.ts';
import { FrameLinks } from './frameLinks.ts';
import { sourceFile } from './sourceFile.ts';

/** Folders of installed code and data have so many files that they would crowd out the person's own. */
const others = '**/{node_modules,site-packages,.venv,venv,.git,__pycache__,wandb,mlruns,checkpoints}/**';
const mostFiles = 50_000;

/** The places in a log that is no job's, as far as they are in the folders of this window. A link's path is absolute. */
export async function workspaceLinks(): Promise<(visible: string) => readonly FileLink[]> {
  const folders = await Promise.all(
    (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === 'file')
      .map(async ({ uri }) => {
        const files = await vscode.workspace.findFiles(new vscode.RelativePattern(uri, '**/*'), others, mostFiles);
        const paths = files.flatMap((file) => pathInside(uri.fsPath, file.fsPath) ?? []);
        return { uri, links: new FrameLinks({ paths: new Set(paths), roots: [uri.fsPath], startFolder: '.' }) };
      }),
  );
  return (visible) => {
    for (const { uri, links } of folders) {
      const found = links.of(visible);
      if (found.length > 0) {
        return found.map((link) => ({ ...link, path: vscode.Uri.joinPath(uri, link.path).fsPath }));
      }
    }
    return [];
  };
}

/** Opens a file that a link names. One that is not in a folder of this window is not opened. `line` is counted from 1. */
export async function openWorkspaceFile(path: string, line: number): Promise<void> {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(path))?.uri.fsPath;
  const inside = folder === undefined ? undefined : pathInside(folder, path);
  const file = folder === undefined || inside === undefined ? null : await sourceFile(folder, inside);
  if (file !== null) {
    const at = new vscode.Position(Math.max(0, line - 1), 0);
    await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(at, at), preview: true });
  }
}
