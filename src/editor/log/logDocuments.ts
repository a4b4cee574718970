import * as vscode from 'vscode';

import { TextDocuments } from '../textDocuments.ts';

const scheme = 'aloft-log';

/** A line with a step or an epoch begins a part that can be folded away. */
const partStart = /^\W{0,3}(?:=+ ?)?epoch\b[ :=[#]{0,3}(\d+)|\[epoch[ :=](\d+)/iu;

/** Finished logs as read-only documents, for those who want the editor's own tools. */
export class LogDocuments implements vscode.FoldingRangeProvider, vscode.Disposable {
  readonly #documents = new TextDocuments(scheme, '');
  readonly #folding = vscode.languages.registerFoldingRangeProvider({ scheme }, this);

  /** `name` becomes the title of the tab; `id` tells apart what has the same name. */
  async show(name: string, id: string, text: string): Promise<void> {
    await this.#documents.show(`${name}.log`, id, text, 'log');
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

/** From the first line of each epoch to the line before the next. */
export function foldingOf(textOf: (line: number) => string, lines: number): readonly (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  let start: { readonly line: number; readonly epoch: string } | undefined;
  for (let line = 0; line < lines; line += 1) {
    const match = partStart.exec(textOf(line).slice(0, 300));
    const epoch = match?.[1] ?? match?.[2];
    if (epoch !== undefined && epoch !== start?.epoch) {
      if (start !== undefined && line - 1 > start.line) {
        ranges.push([start.line, line - 1]);
      }
      start = { line, epoch };
    }
  }
  if (start !== undefined && lines - 1 > start.line) {
    ranges.push([start.line, lines - 1]);
  }
  return ranges;
}
