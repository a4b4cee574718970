import type * as vscode from 'vscode';

import type { Secrets } from '../core/ports.ts';

/** Secrets in VS Code's own store (the operating system's keychain on a desktop), each name under a prefix. */
export function credentials(storage: vscode.SecretStorage, prefix: string): Secrets {
  const key = (name: string): string => `${prefix}/${name}`;
  return {
    get: async (name) => await storage.get(key(name)),
    set: async (name, value) => {
      await storage.store(key(name), value);
    },
    delete: async (name) => {
      await storage.delete(key(name));
    },
  };
}
