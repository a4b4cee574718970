// A bundle of its own, loaded when a token is asked of anything but the editor: the library takes longer to load than all the rest.
import {
  AzureCliCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';

import type { AzureCloud } from '../cloud.ts';
import type { CredentialKind } from '../settings.ts';
import type { Token } from './credential.ts';
import { untilAborted } from './shared.ts';

/** How long `az` and the metadata service of a machine may take, in ms. */
const cliWithin = 20_000;
const managedWithin = 4000;

type Where = Pick<AzureCloud, 'authorityHost' | 'isApart'>;

/** Rejects, with a message of Microsoft's library, where there is none. */
export async function tokenFrom(
  kind: Exclude<CredentialKind, 'editor'>,
  scope: string,
  tenant: string | undefined,
  where: Where,
): Promise<Token | null> {
  const abortSignal = AbortSignal.timeout(
    kind === 'cli' ? cliWithin : kind === 'managedIdentity' ? managedWithin : 30_000,
  );
  const tenantId = kind === 'environment' && tenant !== undefined ? { tenantId: tenant } : {};
  const asked = credentialOf(kind, tenant, where).getToken(scope, { abortSignal, ...tenantId });
  // Not all of them heed the signal.
  const found = await untilAborted(asked, abortSignal);
  return found === null ? null : { token: found.token, expiresAt: found.expiresOnTimestamp };
}

function credentialOf(
  kind: Exclude<CredentialKind, 'editor'>,
  tenant: string | undefined,
  { authorityHost, isApart }: Where,
): TokenCredential {
  switch (kind) {
    case 'cli':
      return new AzureCliCredential({
        // Later than the signal, which says what happened.
        processTimeoutInMs: cliWithin + 5000,
        ...(tenant === undefined ? {} : { tenantId: tenant }),
      });
    case 'environment':
      return new EnvironmentCredential({
        authorityHost,
        disableInstanceDiscovery: isApart,
        additionallyAllowedTenants: tenant === undefined ? [] : [tenant],
      });
    case 'managedIdentity': {
      const clientId = process.env['AZURE_CLIENT_ID'];
      return new ManagedIdentityCredential({
        retryOptions: { maxRetries: 0 },
        // A machine may have several, of which none is its own.
        ...(clientId ? { clientId } : {}),
      });
    }
  }
}
