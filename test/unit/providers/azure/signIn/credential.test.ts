import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { AccountAsking, Accounts } from '../../../../../src/core/ports.ts';
import { AzureApi } from '../../../../../src/providers/azure/client/api.ts';
import { Credential } from '../../../../../src/providers/azure/client/credential.ts';
import { isPassing } from '../../../../../src/providers/azure/client/signInTrouble.ts';
import { cloudOf } from '../../../../../src/providers/azure/cloud.ts';
import type { CredentialKind } from '../../../../../src/providers/azure/settings.ts';
import { never, rejection } from '../../../../conformance/harness.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';
import { startStub } from '../../../../fixtures/azure/httpStub.ts';
import { setVariables } from '../../../../fixtures/azure/signIns.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

function open(accounts: Accounts, clock = new ManualClock()): Credential {
  const { logger } = testPorts('azure');
  return new Credential({ cloud: cloudOf({}), tenant: undefined, kind: 'editor', accounts, clock, logger });
}

describe('what keeps a sign-in from working', () => {
  it.each([
    [Object.assign(new Error('x'), { code: 'ENOTFOUND' }), true],
    [new Error('outer', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }), true],
    [new DOMException('x', 'TimeoutError'), true],
    [Object.assign(new Error('x'), { name: 'AbortError' }), true],
    [new Error("HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded"), true],
    [new Error('EnvironmentCredential authentication failed. status code 503.'), true],
    [new Error('AADSTS90033: A transient error has occurred. Please try again.'), true],
    [new Error('AADSTS50076: you must use multi-factor authentication; the session timed out.'), false],
    [new Error("Please run 'az login' from a command prompt to authenticate."), false],
    [new Error('Azure CLI could not be found.'), false],
    ['text', false],
  ])('%s passes by itself: %j', (error, does) => {
    expect(isPassing(error)).toBe(does);
  });

  it('is told as what is worth another try when it passes, and else as what needs the person', async () => {
    const failing = (error: Error): Credential => open({ token: async () => Promise.reject(error) });
    const lost = Object.assign(new Error('getaddrinfo ENOTFOUND login'), { code: 'ENOTFOUND' });
    expect(await rejection(failing(lost).token('scope', never()))).toMatchObject({
      tag: 'transient',
      raw: expect.stringContaining('getaddrinfo'),
    });
    expect(await rejection(failing(new Error('AADSTS50173: the grant expired')).token('scope', never()))).toMatchObject(
      {
        tag: 'auth',
      },
    );
  });

  it('may be an editor that never answers, which is asked again', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const token = async (): Promise<{ token: string; expiresAt: number }> => {
      asked += 1;
      return asked === 1 ? new Promise(() => undefined) : { token: 'second', expiresAt: clock.now() + 3_600_000 };
    };
    const credential = open({ token }, clock);
    const first = rejection(credential.token('scope', never()));
    await clock.advance(20_000);
    expect(await first).toMatchObject({ tag: 'transient' });
    expect((await credential.token('scope', never())).token).toBe('second');
  });

  it('is not the person who takes their time', async () => {
    const clock = new ManualClock();
    const answer = Promise.withResolvers<{ token: string; expiresAt: number }>();
    const credential = open({ token: async () => answer.promise }, clock);
    const asked = credential.signIn('scope', 'anew', never());
    await clock.advance(60_000);
    answer.resolve({ token: 'late', expiresAt: clock.now() + 3_600_000 });
    await asked;
    expect((await credential.token('scope', never())).token).toBe('late');
  });
});

describe('signing in anew', () => {
  const clock = new ManualClock();
  const { logger } = testPorts('azure');
  const inAnHour = (): number => clock.now() + 3_600_000;

  /** An editor in which that account is signed in from the beginning, and another once the person was asked. */
  const editor = (first: string | null): Accounts & { readonly wishes: AccountAsking[] } => {
    const wishes: AccountAsking[] = [];
    let token = first;
    return {
      wishes,
      token: async ({ asking }) => {
        wishes.push(asking);
        token = asking === 'never' ? token : 'anew';
        return token === null ? null : { token, expiresAt: inAnHour() };
      },
    };
  };
  const withKind = (kind: CredentialKind | undefined, accounts: Accounts): Credential =>
    new Credential({ cloud: cloudOf({}), tenant: undefined, kind, accounts, clock, logger });

  it('asks in the editor, though somebody is signed in there whom Azure may not take any more', async () => {
    for (const [kind, first] of [
      ['editor', 'old'],
      ['editor', null],
      [undefined, 'old'],
    ] as const) {
      const accounts = editor(first);
      const credential = withKind(kind, accounts);
      await credential.signIn('scope', 'anew', never());
      expect((await credential.token('scope', never())).token).toBe('anew');
      expect(accounts.wishes.filter((wish) => wish !== 'never')).toEqual(['anew']);
    }
  });

  it.each([
    ['went away', null],
    ['was refused', new Error('AADSTS53003: Access has been blocked.')],
  ])('keeps to no account of the editor that the person %s from', async (_, error) => {
    const folder = await mkdtemp(join(tmpdir(), 'az-'));
    const stub = await startStub(() => ({ status: 404 }));
    setVariables({ AZURE_POD_IDENTITY_AUTHORITY_HOST: stub.url });
    vi.stubEnv('PATH', folder);
    const accounts: Accounts = {
      token: async ({ asking }) => (asking !== 'never' && error !== null ? Promise.reject(error) : null),
    };
    const credential = withKind(undefined, accounts);
    await credential.signIn('scope', 'anew', never()).catch(() => undefined);
    expect(credential.remedy).toContain('az login');
    // Which the person does.
    const said = JSON.stringify({ accessToken: 'of-az', expires_on: Math.floor(Date.now() / 1000) + 3600 });
    await writeFile(join(folder, 'az'), `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 });
    expect((await credential.token('https://x.example/.default', never())).token).toBe('of-az');
    vi.unstubAllEnvs();
    await stub.stop();
    await rm(folder, { recursive: true });
  });

  it('asks nobody where another way was chosen', async () => {
    vi.stubEnv('PATH', '/nonexistent');
    const accounts = editor('old');
    expect(await rejection(withKind('cli', accounts).signIn('scope', 'anew', never()))).toMatchObject({
      tag: 'auth',
      remedy: 'Run: az login',
    });
    expect(accounts.wishes).toEqual([]);
    vi.unstubAllEnvs();
  });

  it.each([
    ['editor', 'Sign In Again'],
    ['cli', 'az login'],
    ['environment', 'AZURE_CLIENT_SECRET'],
    ['managedIdentity', 'managed identity in the Azure portal'],
  ] as const)('is told as what does it, when Azure refuses a token: %s', async (kind, words) => {
    const stub = await startStub(() => ({ status: 401 }));
    const cloud = cloudOf({ endpoints: { resourceManager: stub.url } });
    const credential = withKind(kind, editor('old'));
    vi.spyOn(credential, 'token').mockResolvedValue({ token: 'refused', expiresAt: inAnHour() });
    const api = new AzureApi({ cloud, credential, apiVersion: undefined, clock });
    expect(await rejection(api.get('/a', never()))).toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining(words),
    });
    await stub.stop();
  });
});
