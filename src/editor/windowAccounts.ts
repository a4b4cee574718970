import * as vscode from 'vscode';

import type { Accounts } from '../core/ports.ts';
import { AccountSessions } from './accountSessions.ts';

/** The accounts under Accounts in the activity bar. */
export const windowAccounts: Accounts = new AccountSessions(
  async (provider, scopes, options) => await vscode.authentication.getSession(provider, scopes, options),
);
