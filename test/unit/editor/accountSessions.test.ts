import { describe, expect, it } from 'vitest';

import { AccountSessions, type GetSession } from '../../../src/editor/accountSessions.ts';

const request = { provider: 'microsoft', scopes: ['https://management.azure.com/.default'] } as const;
const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

describe('accounts of the editor', () => {
  it('are asked silently, for the tenant that is wanted, unless the person is there', async () => {
    const calls: unknown[] = [];
    const getSession: GetSession = async (...args) => {
      calls.push(args);
      return { accessToken: jwt({ exp: 1_800_000_000 }) };
    };
    const accounts = new AccountSessions(getSession);
    expect(await accounts.token({ ...request, tenant: 't1', asking: 'never' })).toMatchObject({
      expiresAt: 1_800_000_000_000,
    });
    await accounts.token({ ...request, asking: 'ifNone' });
    await accounts.token({ ...request, asking: 'anew' });
    expect(calls).toEqual([
      ['microsoft', [...request.scopes, 'VSCODE_TENANT:t1'], { silent: true }],
      ['microsoft', request.scopes, { createIfNone: true }],
      ['microsoft', request.scopes, { forceNewSession: true }],
    ]);
  });

  it('are none where nobody is signed in', async () => {
    expect(await new AccountSessions(async () => undefined).token({ ...request, asking: 'never' })).toBeNull();
  });

  it.each([
    named('Error', 'User did not consent to login.'),
    named('Canceled', 'Canceled'),
    named('Error', 'Cancelled'),
    named('ClientAuthError', 'user_cancelled: User cancelled the flow.'),
  ])('are none when the person goes away: %s', async (error) => {
    const accounts = new AccountSessions(async () => Promise.reject(error));
    expect(await accounts.token({ ...request, asking: 'anew' })).toBeNull();
  });

  it.each([
    named('Error', 'AADSTS53003: Access has been blocked by Conditional Access policies.'),
    named('Error', "Timed out waiting for authentication provider 'microsoft' to register."),
    named('TypeError', 'fetch failed'),
  ])('say what went wrong otherwise: %s', async (error) => {
    const accounts = new AccountSessions(async () => Promise.reject(error));
    await expect(accounts.token({ ...request, asking: 'anew' })).rejects.toBe(error);
    await expect(accounts.token({ ...request, asking: 'never' })).rejects.toBe(error);
  });

  it('have tokens that last an hour where these do not say', async () => {
    const before = Date.now();
    const found = await new AccountSessions(async () => ({ accessToken: 'opaque' })).token({
      ...request,
      asking: 'never',
    });
    expect(found?.expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
  });
});
