import * as vscode from 'vscode';

import { isRunId, type RunId } from '../../core/job.ts';
import type { Clock, KeyValue, Logger } from '../../core/ports.ts';
import type { Engine } from '../../engine/engine.ts';
import type { FileLink } from '../../protocol/logView.ts';
import { pathInside } from '../pathInside.ts';
import { readSettings } from '../settings.ts';
import { FailureMarks } from './failureMarks.ts';
import { FrameLinks } from './frameLinks.ts';
import { MarkActions } from './markActions.ts';
import { MarkDecorations } from './markDecorations.ts';
import { MarkDiagnostics } from './markDiagnostics.ts';
import { FrameOpener } from './openFrame.ts';
import { PlacedMarks } from './placedMarks.ts';
import { RunCode } from './runCode.ts';
import { RunDocuments } from './runDocuments.ts';

export interface PointsAtCodeDeps {
  readonly engine: () => Promise<Engine>;
  readonly clock: Clock;
  readonly memory: KeyValue;
  readonly logger: Logger;
}

/** Leads from logs to the code, and shows in the code where runs failed. */
export class PointsAtCode implements vscode.Disposable {
  readonly #code: RunCode;
  readonly #opener: FrameOpener;
  readonly #marks: FailureMarks;
  readonly #subscription: vscode.Disposable;

  constructor({ engine, clock, memory, logger }: PointsAtCodeDeps) {
    this.#code = new RunCode(async () => (await engine()).accepted);
    this.#opener = new FrameOpener({ engine, code: this.#code });
    this.#marks = new FailureMarks({ clock, memory, logger, isOpen });
    const placed = new PlacedMarks(() => (readSettings().failuresInCode === 'none' ? [] : this.#marks.marks));
    const diagnostics = new MarkDiagnostics();
    const decorations = new MarkDecorations(() => readSettings().failuresInCode === 'all');
    const place = (): void => void placed.place();
    this.#subscription = vscode.Disposable.from(
      this.#marks,
      placed,
      diagnostics,
      decorations,
      new RunDocuments(this.#code),
      new MarkActions(() => placed.placed),
      this.#marks.onDidChange(place),
      placed.onDidChange(() => {
        diagnostics.show(placed.placed);
        decorations.show(placed.placed);
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.#marks.refresh();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('aloft.failures')) {
          place();
        }
      }),
    );
  }

  attach(engine: Engine): void {
    this.#marks.attach(engine);
  }

  /** What finds the places in a run's log that are in its code; their paths are relative to its source folder. null as RunCode has it. */
  async links(runId: RunId): Promise<((visible: string) => readonly FileLink[]) | null> {
    const code = await this.#code.of(runId);
    if (code === null) {
      return null;
    }
    const links = new FrameLinks(code);
    return (visible) => links.of(visible);
  }

  /** See `FrameOpener.open`. What makes no sense opens nothing. */
  async openFrame(runId: unknown, path: unknown, line: unknown): Promise<void> {
    if (isRunId(runId) && typeof path === 'string' && isLine(line)) {
      await this.#opener.open(runId, path, line);
    }
  }

  /** See `FrameOpener.compare`. */
  async compare(runId: unknown, path: unknown, line: unknown): Promise<void> {
    if (isRunId(runId) && typeof path === 'string' && isLine(line)) {
      await this.#opener.compare(runId, path, line);
    }
  }

  /** Takes away the marks of some runs; of all when none is named. */
  async clear(runIds: readonly RunId[]): Promise<void> {
    await this.#marks.clear(runIds);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

const isLine = (line: unknown): line is number => typeof line === 'number' && Number.isSafeInteger(line) && line > 0;

/** Whether a folder is one of this window's, or in one. */
function isOpen(folder: string): boolean {
  return (vscode.workspace.workspaceFolders ?? []).some(
    ({ uri }) => uri.scheme === 'file' && (uri.fsPath === folder || pathInside(uri.fsPath, folder) !== undefined),
  );
}
