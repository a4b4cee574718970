import * as vscode from 'vscode';

import { isRunId, type RunId } from '../../core/job.ts';
import type { RunCode } from './runCode.ts';

const scheme = 'aloft-run';

/** The document that shows a file as it was when it ran. */
export function runUri(runId: RunId, path: string): vscode.Uri {
  return vscode.Uri.from({ scheme, path: `/${path}`, query: runId });
}

/** Files as they were when they ran, read-only. */
export class RunDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #code: RunCode;
  readonly #registration: vscode.Disposable;

  constructor(code: RunCode) {
    this.#code = code;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  async provideTextDocumentContent({ path, query }: vscode.Uri): Promise<string> {
    const files = isRunId(query) ? await this.#code.of(query) : null;
    const text = await files?.text(path.slice(1));
    if (text === null || text === undefined) {
      throw vscode.FileSystemError.FileNotFound(path);
    }
    return text;
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
