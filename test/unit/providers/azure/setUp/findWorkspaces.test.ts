import { afterEach, expect, it } from 'vitest';
import type { Accounts } from '../../../../../src/core/ports.ts';
import { openAccount } from '../../../../../src/providers/azure/account.ts';
import { findWorkspaces } from '../../../../../src/providers/azure/setUp/findWorkspaces.ts';
import { never } from '../../../../conformance/harness.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';
import { nobody } from '../../../../fixtures/ask.ts';
import { type HttpStub, startStub, type StubRequest } from '../../../../fixtures/azure/httpStub.ts';

let stub: HttpStub;

afterEach(async () => stub.stop());

const tokenOf = (tenant: string): string => `x.${Buffer.from(JSON.stringify({ tid: tenant })).toString('base64url')}.x`;

/** Whose token it is that a request has. */
function tenantIn({ headers }: StubRequest): string {
  return ['home', 'second', 'third'].find((each) => headers.authorization?.includes(tokenOf(each))) ?? 'nobody';
}

it('are asked for in each tenant once, several at a time, and by the way of signing in that works at home', async () => {
  stub = await startStub((request) => {
    const tenant = tenantIn(request);
    const path = request.path.split('?')[0] ?? '';
    const named = { id: `${path}/resourceGroups/lab/x/${tenant}-lab`, name: `${tenant}-lab`, location: 'eastus' };
    const value = path.endsWith('/tenants')
      ? ['home', 'second', 'third', 'closed'].map((each) => ({ tenantId: each, displayName: each }))
      : path.endsWith('/subscriptions')
        ? [{ subscriptionId: `${tenant}-1`, tenantId: tenant }]
        : [named];
    return { status: 200, headers: { 'content-type': 'application/json' }, body: { value } };
  });
  const asked: string[] = [];
  const both = Promise.withResolvers<void>();
  const accounts: Accounts = {
    token: async ({ tenant = 'home' }) => {
      asked.push(tenant);
      if (asked.includes('second') && asked.includes('third')) {
        both.resolve();
      }
      // Neither has an answer before the other is asked.
      await (tenant === 'home' ? undefined : both.promise);
      return tenant === 'closed' ? null : { token: tokenOf(tenant), expiresAt: Date.now() + 3_600_000 };
    },
  };
  const { clock, logger } = testPorts('azure');
  const ports = { ask: nobody, accounts, clock, logger };
  const where = { endpoints: { resourceManager: stub.url } };
  const signedIn = { account: openAccount(where, undefined, ports), kind: undefined };
  const { workspaces, subscriptions, failures } = await findWorkspaces(ports, where, signedIn, never());
  expect(workspaces.map(({ name, tenant }) => [name, tenant])).toEqual([
    ['home-lab', 'home'],
    ['second-lab', 'second'],
    ['third-lab', 'third'],
  ]);
  expect(subscriptions).toBe(3);
  expect(failures).toEqual(['tenant closed: the Microsoft account of VS Code: not signed in']);
  expect(asked.toSorted()).toEqual(['closed', 'home', 'second', 'third']);
  const lists = stub.requests.filter(({ path }) => path.startsWith('/subscriptions?'));
  expect(lists.map(tenantIn).toSorted()).toEqual(['home', 'second', 'third']);
});
