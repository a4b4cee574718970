import type * as vscode from 'vscode';

import type { KeyValue } from '../core/ports.ts';

/** VS Code's own small memory as a key-value port; each name under a prefix. */
export function mementoValues(memento: vscode.Memento, prefix: string): KeyValue {
  return {
    get: (key) => {
      const value = memento.get<unknown>(`${prefix}/${key}`);
      return typeof value === 'string' ? value : undefined;
    },
    set: async (key, value) => {
      await memento.update(`${prefix}/${key}`, value);
    },
  };
}
