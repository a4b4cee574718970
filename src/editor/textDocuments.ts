import * as vscode from 'vscode';

/** Read-only documents of one scheme, with the texts they are given. What is closed is forgotten. */
export class TextDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #scheme: string;
  readonly #forgotten: string;
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;

  readonly onDidChange = this.#changed.event;

  /** `forgotten`: what a document shows whose text is not known any more, as after a restart. */
  constructor(scheme: string, forgotten: string) {
    this.#scheme = scheme;
    this.#forgotten = forgotten;
    this.#registration = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri, isClosed }) => {
        // Told as well when only the language of a document changes.
        if (isClosed) {
          this.#texts.delete(uri.toString());
        }
      }),
    );
  }

  /** `title`: of the tab; `id` tells apart what has the same title. A document that is open already shows the new text. */
  async show(title: string, id: string, text: string, language: string): Promise<vscode.Uri> {
    const path = `/${title.replaceAll(/[/\\\p{Cc}]+/gu, '_')}`;
    const uri = vscode.Uri.from({ scheme: this.#scheme, path, query: id });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, language);
    await vscode.window.showTextDocument(document, { preview: true });
    return uri;
  }

  /** Another text for a document, unless it was closed meanwhile. */
  replace(uri: vscode.Uri, text: string): void {
    if (this.#texts.has(uri.toString())) {
      this.#texts.set(uri.toString(), text);
      this.#changed.fire(uri);
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? this.#forgotten;
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
