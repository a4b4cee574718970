import * as vscode from 'vscode';

import type { FailureMark } from './failureMark.ts';
import { frameText, problemText } from './markText.ts';
import type { PlacedFrame, PlacedMark } from './placedMarks.ts';

/** As the Problems view names where an entry comes from. */
export const problemSource = 'Aloft';

/** Failures in the Problems view. */
export class MarkDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('aloft');

  /** Only what has changed is touched. */
  show(placed: readonly PlacedMark[]): void {
    const byFile = Map.groupBy(placed, ({ place }) => place.uri.toString());
    this.#collection.forEach((uri) => {
      if (!byFile.has(uri.toString())) {
        this.#collection.delete(uri);
      }
    });
    for (const marks of byFile.values()) {
      const [first] = marks;
      const diagnostics = marks.map(diagnosticOf);
      if (first !== undefined && !areSame(this.#collection.get(first.place.uri), diagnostics)) {
        this.#collection.set(first.place.uri, diagnostics);
      }
    }
  }

  dispose(): void {
    this.#collection.dispose();
  }
}

/** The command that shows the line of the log that names the place. */
export function logCommand({ run, place }: FailureMark): vscode.Uri {
  const args = encodeURIComponent(JSON.stringify([run.runId, { line: place.logLine }]));
  return vscode.Uri.parse(`command:aloft.openJob?${args}`);
}

function diagnosticOf({ mark, place, callers }: PlacedMark): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(
    lineRange(place),
    problemText(mark, place.isUnchanged),
    vscode.DiagnosticSeverity.Error,
  );
  diagnostic.source = problemSource;
  diagnostic.code = { value: vscode.l10n.t('Show Log'), target: logCommand(mark) };
  diagnostic.relatedInformation = callers.map(
    (caller) =>
      new vscode.DiagnosticRelatedInformation(
        new vscode.Location(caller.uri, lineRange(caller)),
        frameText(mark, caller.frame),
      ),
  );
  return diagnostic;
}

/** The text of the line; in a document that is not open, its beginning. */
function lineRange({ uri, line }: PlacedFrame): vscode.Range {
  const text = uri.toString();
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === text);
  if (document === undefined || line > document.lineCount) {
    return new vscode.Range(line - 1, 0, line - 1, 0);
  }
  const { firstNonWhitespaceCharacterIndex, text: content } = document.lineAt(line - 1);
  return new vscode.Range(line - 1, firstNonWhitespaceCharacterIndex, line - 1, content.trimEnd().length);
}

function areSame(shown: readonly vscode.Diagnostic[] | undefined, wanted: readonly vscode.Diagnostic[]): boolean {
  return JSON.stringify(shown?.map(comparable)) === JSON.stringify(wanted.map(comparable));
}

function comparable({ message, range, code, relatedInformation = [] }: vscode.Diagnostic): unknown {
  return [
    message,
    range,
    code,
    relatedInformation.map(({ location, message: text }) => [location.uri.toString(), location.range, text]),
  ];
}
