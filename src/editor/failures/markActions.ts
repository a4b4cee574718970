import * as vscode from 'vscode';

import type { PlacedMark } from './placedMarks.ts';

const kind = vscode.CodeActionKind.QuickFix;

/** What can be done about a failure, in the light bulb of its line. */
export class MarkActions implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #placed: () => readonly PlacedMark[];
  readonly #registration: vscode.Disposable;

  constructor(placed: () => readonly PlacedMark[]) {
    this.#placed = placed;
    this.#registration = vscode.languages.registerCodeActionsProvider({ scheme: 'file' }, this, {
      providedCodeActionKinds: [kind],
    });
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    const uri = document.uri.toString();
    return this.#placed()
      .filter(
        ({ place }) =>
          place.uri.toString() === uri && range.start.line <= place.line - 1 && place.line - 1 <= range.end.line,
      )
      .flatMap(({ mark: { run, place } }) => [
        action(vscode.l10n.t('Show run log'), 'aloft.openJob', [run.runId, { line: place.logLine }]),
        action(vscode.l10n.t('Compare with the version that ran'), 'aloft.compareWithRun', [
          run.runId,
          place.path,
          place.line,
        ]),
        action(vscode.l10n.t('Clear failure mark'), 'aloft.clearFailureMarks', [run.runId]),
      ]);
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

function action(title: string, command: string, args: readonly unknown[]): vscode.CodeAction {
  const codeAction = new vscode.CodeAction(title, kind);
  codeAction.command = { title, command, arguments: [...args] };
  return codeAction;
}
