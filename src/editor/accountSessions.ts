import type { AccountAsking, AccountRequest, Accounts, AccountToken } from '../core/ports.ts';

interface Session {
  readonly accessToken: string;
}

/** As `vscode.authentication.getSession` is called here. */
export type GetSession = (
  provider: string,
  scopes: readonly string[],
  options: GetSessionOptions,
) => PromiseLike<Session | undefined>;

type GetSessionOptions =
  | { readonly silent: true }
  | { readonly createIfNone: true }
  | { readonly forceNewSession: true };

const optionsOf: Readonly<Record<AccountAsking, GetSessionOptions>> = {
  never: { silent: true },
  ifNone: { createIfNone: true },
  anew: { forceNewSession: true },
};

/** Tokens of the accounts that people signed in with in the editor. */
export class AccountSessions implements Accounts {
  readonly #getSession: GetSession;

  constructor(getSession: GetSession) {
    this.#getSession = getSession;
  }

  async token(request: AccountRequest): Promise<AccountToken | null> {
    const session = await this.#session(request);
    return session === undefined ? null : tokenOf(session.accessToken);
  }

  async #session({ provider, tenant, scopes, asking }: AccountRequest): Promise<Session | undefined> {
    // A scope by which VS Code's own sign-in takes another tenant than that of the account.
    const all = tenant === undefined ? [...scopes] : [...scopes, `VSCODE_TENANT:${tenant}`];
    try {
      return await this.#getSession(provider, all, optionsOf[asking]);
    } catch (error) {
      if (asking !== 'never' && wentAway(error)) {
        return undefined;
      }
      throw error;
    }
  }
}

/** The person closed the dialog or the browser. VS Code says so in words only: `User did not consent to login.` */
function wentAway(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'Canceled' || /did not consent|user[ _]?cancell?ed|^cancell?ed\b/iu.test(error.message))
  );
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
