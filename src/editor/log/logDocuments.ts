import * as vscode from 'vscode';

import { TextDocuments } from '../textDocuments.ts';
import { foldingOf } from './logFolding.ts';
import { logFileName } from './logText.ts';

const scheme = 'aloft-log';

/** Finished logs as read-only documents, for those who want the editor's own tools. */
export class LogDocuments implements vscode.FoldingRangeProvider, vscode.Disposable {
  readonly #documents = new TextDocuments(
    scheme,
    vscode.l10n.t('This log is not loaded any more. Open it as a document once more from the menu of its viewer.'),
  );
  readonly #folding = vscode.languages.registerFoldingRangeProvider({ scheme }, this);

  /** `name` becomes the title of the tab; `id` tells apart what has the same name. */
  async show(name: string, id: string, text: string): Promise<void> {
    await this.#documents.show(logFileName(name), id, text, 'log');
  }

  provideFoldingRanges(document: vscode.TextDocument): vscode.FoldingRange[] {
    return foldingOf((line) => document.lineAt(line).text, document.lineCount).map(
      ([start, end]) => new vscode.FoldingRange(start, end),
    );
  }

  dispose(): void {
    this.#folding.dispose();
    this.#documents.dispose();
  }
}
