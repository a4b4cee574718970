import * as vscode from 'vscode';

import type { AccountRequest, Accounts, AccountToken } from '../core/ports.ts';

/** The accounts that people signed in with under Accounts in the activity bar. */
export const windowAccounts: Accounts = {
  token: async (request) => {
    const session = await sessionFor(request);
    return session === undefined ? null : tokenOf(session.accessToken);
  },
};

async function sessionFor({
  provider,
  tenant,
  scopes,
  mayAsk,
}: AccountRequest): Promise<vscode.AuthenticationSession | undefined> {
  // A scope by which VS Code's own sign-in takes another tenant than that of the account.
  const all = tenant === undefined ? [...scopes] : [...scopes, `VSCODE_TENANT:${tenant}`];
  if (!mayAsk) {
    return await vscode.authentication.getSession(provider, all, { silent: true });
  }
  try {
    return await vscode.authentication.getSession(provider, all, { createIfNone: true });
  } catch {
    // The person closed the dialog.
    return undefined;
  }
}

/** Without a time it is taken to last an hour, as Microsoft's do. */
function tokenOf(token: string): AccountToken {
  let expiry: unknown;
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expiry = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
  } catch {
    expiry = undefined;
  }
  return { token, expiresAt: typeof expiry === 'number' ? expiry * 1000 : Date.now() + 3_600_000 };
}
