import type { KeyValue } from '../core/ports.ts';
import type { FormDraft } from '../protocol/submitForm.ts';
import { parseDraft } from './formDraft.ts';

const draftKey = 'draft';
const includedKey = 'included';

/** What the New Job form remembers for this workspace. What is damaged counts as not there. */
export class FormMemory {
  readonly #values: KeyValue;

  constructor(values: KeyValue) {
    this.#values = values;
  }

  get draft(): FormDraft {
    return parseDraft(parseJson(this.#values.get(draftKey)));
  }

  async keepDraft(draft: FormDraft): Promise<void> {
    await this.#values.set(draftKey, JSON.stringify(draft));
  }

  /** Paths that the person chose to send from this folder although they would be held back. */
  included(folder: string): readonly string[] {
    const paths = this.#included()[folder];
    return Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [];
  }

  async keepIncluded(folder: string, paths: readonly string[]): Promise<void> {
    await this.#values.set(includedKey, JSON.stringify({ ...this.#included(), [folder]: paths }));
  }

  #included(): Readonly<Record<string, unknown>> {
    const value = parseJson(this.#values.get(includedKey));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
