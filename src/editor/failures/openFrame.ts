import { basename } from 'node:path';

import * as vscode from 'vscode';

import type { RunId } from '../../core/job.ts';
import type { Engine } from '../../engine/engine.ts';
import type { RunCode } from './runCode.ts';
import { runUri } from './runDocuments.ts';
import { sourceFile } from './sourceFile.ts';
import { VersionMap } from './versionMap.ts';

export interface FrameOpenerDeps {
  readonly engine: () => Promise<Engine>;
  readonly code: RunCode;
}

/** Opens the code of runs. Paths and lines may come from a log: what is not a file of the run opens nothing. */
export class FrameOpener {
  readonly #deps: FrameOpenerDeps;

  constructor(deps: FrameOpenerDeps) {
    this.#deps = deps;
  }

  /**
   * Shows a line of a run's code. The local file, when it is as it was; beside the version that ran, when it has changed since;
   * that version alone, when it is gone. `path` and `line` are of the version that ran, the line counted from 1. Rejects with
   * `notFound` when that version is not on this machine.
   */
  async open(runId: RunId, path: string, line: number): Promise<void> {
    await this.#open(runId, path, line, false);
  }

  /** The same, and beside the version that ran in any case. */
  async compare(runId: RunId, path: string, line: number): Promise<void> {
    await this.#open(runId, path, line, true);
  }

  async #open(runId: RunId, path: string, line: number, compare: boolean): Promise<void> {
    const { engine, code } = this.#deps;
    const job = (await engine()).store.job(runId);
    const files = job === undefined ? null : await code.of(runId);
    if (job === undefined || files?.paths.has(path) !== true) {
      return;
    }
    const text = await files.text(path);
    const local = await sourceFile(job.sourceFolder, path);
    if (text === null) {
      void vscode.window.showInformationMessage(vscode.l10n.t('{0} is too large to be shown, or is not text.', path));
      return;
    }
    if (local === null) {
      await show(runUri(runId, path), line);
      return;
    }
    const uri = vscode.Uri.file(local);
    const today = (await vscode.workspace.openTextDocument(uri)).getText();
    const version = new VersionMap(text);
    if (version.isSame(today) && !compare) {
      await show(uri, line);
      return;
    }
    await vscode.commands.executeCommand(
      'vscode.diff',
      runUri(runId, path),
      uri,
      vscode.l10n.t('{0} (run {1} ↔ now)', basename(path), job.name),
      { selection: startOf(version.map(today, line).line), preview: true } satisfies vscode.TextDocumentShowOptions,
    );
  }
}

async function show(uri: vscode.Uri, line: number): Promise<void> {
  await vscode.window.showTextDocument(uri, { selection: startOf(line), preview: true });
}

/** `line` counted from 1. */
function startOf(line: number): vscode.Range {
  return new vscode.Range(Math.max(0, line - 1), 0, Math.max(0, line - 1), 0);
}
