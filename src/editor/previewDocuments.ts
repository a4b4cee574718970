import * as vscode from 'vscode';

import type { Plan } from '../core/provider.ts';
import type { PlannedRequest } from '../engine/preparation.ts';
import { type Preview, previewText } from './previewDocument.ts';
import { TextDocuments } from './textDocuments.ts';

/** Language whose comments the preview's own lines are written in. */
const documentLanguage: Readonly<Record<Plan['language'], string>> = {
  json: 'jsonc',
  yaml: 'yaml',
  shellscript: 'shellscript',
};

export const previewScheme = 'aloft-preview';

/** Read-only documents that show what a submission would send. */
export class PreviewDocuments implements vscode.Disposable {
  readonly #documents = new TextDocuments(
    previewScheme,
    vscode.l10n.t('// Press Preview again to see what would be sent now.'),
  );
  /** The newest preview of each document. */
  readonly #previews = new Map<string, Preview>();

  /** A change of this preview; it does nothing once the document shows another one or was closed. */
  async show(name: string, preview: Preview): Promise<(next: Preview) => void> {
    const language = documentLanguage[preview.planned?.plan.language ?? 'json'];
    const title = vscode.l10n.t('Preview: {0}', name);
    const uri = await this.#documents.show(title, '', previewText(preview), language);
    const id = uri.toString();
    let shown = preview;
    this.#previews.set(id, shown);
    return (next) => {
      if (this.#previews.get(id) === shown) {
        shown = next;
        this.#previews.set(id, next);
        this.#documents.replace(uri, previewText(next));
      }
    };
  }

  /** The request that a document shows. */
  request(document: vscode.Uri): PlannedRequest | undefined {
    return this.#previews.get(document.toString())?.planned ?? undefined;
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
