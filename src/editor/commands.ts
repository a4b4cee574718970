import * as vscode from 'vscode';

import type { Logger } from '../core/ports.ts';
import { type CommandId, commandIds } from './commandIds.ts';
import { showError } from './showError.ts';

export type CommandHandlers = Readonly<Record<CommandId, (...args: readonly unknown[]) => unknown>>;

/** Registers them all. A handler that fails is shown to the person once and logged; its promise never rejects. */
export function registerCommands(handlers: CommandHandlers, logger: Logger): vscode.Disposable {
  const registrations = commandIds.map((id) =>
    vscode.commands.registerCommand(id, async (...args: readonly unknown[]): Promise<unknown> => {
      try {
        return await handlers[id](...args);
      } catch (error) {
        logger.error(`${id} failed`, error);
        void showError(error);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}
