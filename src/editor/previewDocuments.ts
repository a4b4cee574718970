import * as vscode from 'vscode';

import type { Plan } from '../core/provider.ts';
import type { SnapshotPreview } from '../engine/snapshot/preview.ts';
import { previewText } from './previewDocument.ts';
import { TextDocuments } from './textDocuments.ts';

/** Language whose comments the preview's own lines are written in. */
const documentLanguage: Readonly<Record<Plan['language'], string>> = {
  json: 'jsonc',
  yaml: 'yaml',
  shellscript: 'shellscript',
};

/** Read-only documents that show what a submission would send. */
export class PreviewDocuments implements vscode.Disposable {
  readonly #documents = new TextDocuments(
    'aloft-preview',
    vscode.l10n.t('// Press Preview again to see what would be sent now.'),
  );

  async show(name: string, preview: SnapshotPreview, plan: Plan | null): Promise<void> {
    const language = documentLanguage[plan?.language ?? 'json'];
    await this.#documents.show(vscode.l10n.t('Preview: {0}', name), '', previewText(preview, plan), language);
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
