import * as vscode from 'vscode';

import type { Plan } from '../core/provider.ts';
import type { SnapshotPreview } from '../engine/snapshot/preview.ts';
import { previewText } from './previewDocument.ts';

const scheme = 'aloft-preview';
/** Language whose comments the preview's own lines are written in. */
const documentLanguage: Readonly<Record<Plan['language'], string>> = {
  json: 'jsonc',
  yaml: 'yaml',
  shellscript: 'shellscript',
};

/** Read-only documents that show what a submission would send. */
export class PreviewDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;

  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#registration = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.uri.scheme === scheme) {
          this.#texts.delete(document.uri.toString());
        }
      }),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? vscode.l10n.t('// Press Preview again to see what would be sent now.');
  }

  async show(name: string, preview: SnapshotPreview, plan: Plan | null): Promise<void> {
    const title = vscode.l10n.t('Preview: {0}', name.replaceAll('/', '_'));
    const uri = vscode.Uri.from({ scheme, path: `/${title}` });
    this.#texts.set(uri.toString(), previewText(preview, plan));
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, documentLanguage[plan?.language ?? 'json']);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
