import * as vscode from 'vscode';

import { hoverCommands, hoverText, inlineText } from './markText.ts';
import type { PlacedMark } from './placedMarks.ts';

/** How often the words for how long ago it was are looked at again, in ms. */
const ageEvery = 60_000;

/** Failures at the end of the lines that they happened in. */
export class MarkDecorations implements vscode.Disposable {
  readonly #isWanted: () => boolean;
  readonly #type = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('aloft.failureMark.background'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.errorForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    after: {
      color: new vscode.ThemeColor('aloft.failureMark.foreground'),
      fontStyle: 'italic',
      margin: '0 0 0 3ch',
    },
  });
  readonly #subscription: vscode.Disposable;
  readonly #timer: NodeJS.Timeout;
  #placed: readonly PlacedMark[] = [];
  /** What each editor shows; an editor that is shown anew shows nothing yet. */
  readonly #shown = new WeakMap<vscode.TextEditor, string>();

  /** `isWanted`: whether the person wants to see them. */
  constructor(isWanted: () => boolean) {
    this.#isWanted = isWanted;
    this.#subscription = vscode.Disposable.from(
      this.#type,
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.#decorate();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('aloft.failures')) {
          this.#decorate();
        }
      }),
    );
    this.#timer = setInterval(() => {
      this.#decorate();
    }, ageEvery);
    this.#timer.unref();
  }

  show(placed: readonly PlacedMark[]): void {
    this.#placed = placed;
    this.#decorate();
  }

  #decorate(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const { document } = editor;
      const uri = document.uri.toString();
      const marks = this.#isWanted()
        ? this.#placed.filter(({ place }) => place.uri.toString() === uri && place.line <= document.lineCount)
        : [];
      const options = marks.map((placed) => decorationOf(placed, document));
      const shown = JSON.stringify([document.version, options]);
      if (options.length > 0 || this.#shown.has(editor)) {
        if (this.#shown.get(editor) !== shown) {
          this.#shown.set(editor, shown);
          editor.setDecorations(this.#type, options);
        }
      }
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#subscription.dispose();
  }
}

function decorationOf({ mark, place }: PlacedMark, document: vscode.TextDocument): vscode.DecorationOptions {
  const now = Date.now();
  const { title, error, actions } = hoverText(mark, now, place.isUnchanged);
  return {
    range: document.lineAt(place.line - 1).range,
    hoverMessage: [ours(title), ...(error === null ? [] : [new vscode.MarkdownString(error)]), ours(actions)],
    renderOptions: { after: { contentText: inlineText(mark, now) } },
  };
}

function ours(text: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(text, true);
  markdown.isTrusted = { enabledCommands: hoverCommands };
  return markdown;
}
