import type { HttpApi, HttpReply } from './httpServer.ts';
import { type CloudClock, rfc3339 } from '../time.ts';
import type { Tokens } from '../tokens.ts';

/** What `external_account` credentials are exchanged at, and what says whose a token is. */
export interface SignInState {
  /** What the person's own identity provider issued; anything else is refused. */
  subjectToken: string;
  readonly serviceAccount: string;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';

export function signInApi(tokens: Tokens, state: SignInState, clock: CloudClock): HttpApi {
  return {
    needsToken: () => false,
    describe: (method, { pathname }) => {
      const name = nameOf(method, pathname);
      return name === null ? null : { api: 'oauth2', method: name, region: '', resource: '', at: Date.now() };
    },
    answer: ({ body, url }, { method }) => {
      const form = new URLSearchParams(body.toString());
      switch (method) {
        case 'token':
          return exchange(form, tokens, state);
        case 'tokeninfo':
          return tokenInfo(form.get('access_token') ?? url.searchParams.get('access_token') ?? '', tokens, state);
        default: {
          const { token, expiresAt } = tokens.issue();
          const expireTime = rfc3339(expiresAt + clock.skewMs);
          return { status: 200, body: { accessToken: token, expireTime } };
        }
      }
    },
  };
}

function nameOf(method: string, pathname: string): string | null {
  if (method === 'POST' && pathname === '/v1/token') {
    return 'token';
  }
  if (method === 'POST' && pathname.endsWith(':generateAccessToken')) {
    return 'generateAccessToken';
  }
  return /^\/(?:oauth2\/v\d\/)?tokeninfo$/u.test(pathname) ? 'tokeninfo' : null;
}

/** RFC 8693. */
function exchange(form: URLSearchParams, tokens: Tokens, { subjectToken }: SignInState): HttpReply {
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange') {
    return { status: 400, body: { error: 'unsupported_grant_type', error_description: 'Bad grant type.' } };
  }
  if (form.get('subject_token') !== subjectToken) {
    const error_description = 'The given credential is rejected by the attribute condition.';
    return { status: 400, body: { error: 'invalid_grant', error_description } };
  }
  const { token } = tokens.issue();
  return {
    status: 200,
    body: {
      access_token: token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: tokens.lifetimeSeconds,
    },
  };
}

function tokenInfo(token: string, tokens: Tokens, { serviceAccount }: SignInState): HttpReply {
  const expiresAt = tokens.expiryOf(token);
  if (expiresAt === null) {
    return { status: 400, body: { error: 'invalid_token', error_description: 'Invalid Value' } };
  }
  return {
    status: 200,
    body: {
      azp: '100000000000000000001',
      aud: '100000000000000000001',
      scope,
      exp: String(Math.round(expiresAt / 1000)),
      expires_in: String(Math.round((expiresAt - Date.now()) / 1000)),
      email: serviceAccount,
      email_verified: 'true',
      access_type: 'online',
    },
  };
}
