// Loaded when a token is asked of anything but the editor: the library behind it takes longer to load than all the rest.
import { AzureCliCredential, EnvironmentCredential, ManagedIdentityCredential } from '@azure/identity';

import type { CredentialKind } from '../settings.ts';
import type { Token } from './credential.ts';
import { untilAborted } from './shared.ts';

/** How long `az` and the metadata service of a machine may take, in ms. */
const cliWithin = 20_000;
const managedWithin = 4000;

/** Rejects, with a message of Microsoft's library, where there is none. */
export async function tokenFrom(
  kind: Exclude<CredentialKind, 'editor'>,
  scope: string,
  tenant: string | undefined,
  authorityHost: string,
): Promise<Token | null> {
  const credential = credentialOf(kind, tenant, authorityHost);
  const abortSignal = AbortSignal.timeout(
    kind === 'cli' ? cliWithin : kind === 'managedIdentity' ? managedWithin : 30_000,
  );
  // Not all of them heed the signal.
  const found = await untilAborted(credential.getToken(scope, { abortSignal }), abortSignal);
  return found === null ? null : { token: found.token, expiresAt: found.expiresOnTimestamp };
}

function credentialOf(
  kind: Exclude<CredentialKind, 'editor'>,
  tenant: string | undefined,
  authorityHost: string,
): AzureCliCredential | EnvironmentCredential | ManagedIdentityCredential {
  switch (kind) {
    case 'cli':
      return new AzureCliCredential({
        // Later than the signal, which says what happened.
        processTimeoutInMs: cliWithin + 5000,
        ...(tenant === undefined ? {} : { tenantId: tenant }),
      });
    case 'environment':
      return new EnvironmentCredential({ authorityHost });
    case 'managedIdentity':
      return new ManagedIdentityCredential({ retryOptions: { maxRetries: 0 } });
  }
}
