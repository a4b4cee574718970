import * as vscode from 'vscode';

import type { CodeFrame, FailureMark } from './failureMark.ts';
import { runUri } from './runDocuments.ts';
import { sourceFile } from './sourceFile.ts';
import { VersionMap } from './versionMap.ts';

/** Where a frame of a failure is today. */
export interface PlacedFrame {
  readonly frame: CodeFrame;
  /** The local file, or the version that ran when that is gone. */
  readonly uri: vscode.Uri;
  /** Counted from 1. */
  readonly line: number;
  /** The line is still what it was when it ran. */
  readonly isUnchanged: boolean;
}

export interface PlacedMark {
  readonly mark: FailureMark;
  readonly place: PlacedFrame;
  /** The calls that led there, innermost first. */
  readonly callers: readonly PlacedFrame[];
}

/** Typing is left alone for so long, in ms: meanwhile the editor moves the marks along itself. */
const quiet = 250;

/** Knows where the marks of failures are in the files as they are now, while those change. At most one mark is on a line. */
export class PlacedMarks implements vscode.Disposable {
  readonly #marks: () => readonly FailureMark[];
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  /** By run and path: what the code was. */
  readonly #versions = new Map<string, Promise<VersionMap | null>>();
  #placed: readonly PlacedMark[] = [];
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  readonly onDidChange = this.#changed.event;

  /** `marks`: newest first. */
  constructor(marks: () => readonly FailureMark[]) {
    this.#marks = marks;
    const later = (): void => {
      this.#later();
    };
    this.#subscription = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && this.#concerns(document.uri)) {
          this.#later();
        }
      }),
      vscode.workspace.onDidSaveTextDocument(later),
      vscode.workspace.onDidCreateFiles(later),
      vscode.workspace.onDidDeleteFiles(later),
      vscode.workspace.onDidRenameFiles(later),
      vscode.window.onDidChangeWindowState(later),
    );
  }

  /** Newest first. */
  get placed(): readonly PlacedMark[] {
    return this.#placed;
  }

  #concerns(uri: vscode.Uri): boolean {
    const text = uri.toString();
    return this.#placed.some(({ place, callers }) => [place, ...callers].some((at) => at.uri.toString() === text));
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#marks().length > 0) {
      this.#timer = setTimeout(() => void this.place(), quiet);
    }
  }

  /** To be called when the marks are others than before. Never rejects. */
  async place(): Promise<void> {
    clearTimeout(this.#timer);
    const round = (this.#round += 1);
    const marks = this.#marks();
    this.#forgetVersionsBut(marks);
    const placed = await Promise.all(marks.map(async (mark) => await this.#placeMark(mark)));
    if (round === this.#round) {
      this.#placed = onePerLine(placed);
      this.#changed.fire();
    }
  }

  async #placeMark(mark: FailureMark): Promise<PlacedMark> {
    const [place = unplaced(mark), ...callers] = await Promise.all(
      mark.frames.map(async (frame) => await this.#placeFrame(mark, frame)),
    );
    return { mark, place, callers };
  }

  async #placeFrame(mark: FailureMark, frame: CodeFrame): Promise<PlacedFrame> {
    const file = await sourceFile(mark.run.sourceFolder, frame.path);
    const version = file === null ? null : await this.#version(mark, frame.path);
    if (file === null || version === null) {
      return unplaced(mark, frame);
    }
    const uri = vscode.Uri.file(file);
    try {
      const { line, exact } = version.map((await vscode.workspace.openTextDocument(uri)).getText(), frame.line);
      return { frame, uri, line, isUnchanged: exact };
    } catch {
      return unplaced(mark, frame);
    }
  }

  async #version({ run, code }: FailureMark, path: string): Promise<VersionMap | null> {
    const key = `${run.runId} ${path}`;
    const known = this.#versions.get(key);
    const version =
      known ??
      code.text(path).then(
        (text) => (text === null ? null : new VersionMap(text)),
        () => null,
      );
    this.#versions.set(key, version);
    return await version;
  }

  #forgetVersionsBut(marks: readonly FailureMark[]): void {
    for (const key of this.#versions.keys()) {
      if (!marks.some(({ run }) => key.startsWith(run.runId))) {
        this.#versions.delete(key);
      }
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#round += 1;
    this.#subscription.dispose();
  }
}

/** In the version that ran. */
function unplaced(mark: FailureMark, frame: CodeFrame = mark.place): PlacedFrame {
  return { frame, uri: runUri(mark.run.runId, frame.path), line: frame.line, isUnchanged: true };
}

function onePerLine(placed: readonly PlacedMark[]): readonly PlacedMark[] {
  const taken = new Set<string>();
  return placed.filter(({ place }) => {
    const line = `${place.uri.toString()} ${place.line}`;
    const isFree = !taken.has(line);
    taken.add(line);
    return isFree;
  });
}
