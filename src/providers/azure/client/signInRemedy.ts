import type { CredentialKind } from '../settings.ts';

/** What signs in anew, in a sentence, by how it was done; undefined: in none of the ways yet. */
export function signInRemedy(
  kind: CredentialKind | undefined,
  tenant: string | undefined,
  hasAccounts: boolean,
): string {
  switch (kind) {
    case 'editor':
      return 'Choose Sign In Again on the connection in the Providers view, or sign in with a Microsoft account under Accounts, at the bottom of the activity bar.';
    case 'environment':
      return 'Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH) before the editor starts.';
    case 'managedIdentity':
      return 'Give this machine a managed identity in the Azure portal, or sign in another way.';
    case 'cli':
      return `Run: ${loginCommand(tenant)}`;
    case undefined:
      return hasAccounts
        ? `Run: ${loginCommand(tenant)}. Or choose Sign In Again on the connection in the Providers view.`
        : `Run: ${loginCommand(tenant)}`;
  }
}

function loginCommand(tenant: string | undefined): string {
  return tenant === undefined ? 'az login' : `az login --tenant ${tenant}`;
}
