import type { SetUpPorts } from '../../../core/ports.ts';
import { isProviderError } from '../../../core/providerError.ts';
import { type Account, openAccount } from '../account.ts';
import type { AzureSettings, CredentialKind } from '../settings.ts';

/** What is asked of Azure before a workspace is known: the public cloud, unless tests of real private links say otherwise. */
export type Where = Pick<AzureSettings, 'cloud' | 'endpoints'>;

export interface SignedIn {
  readonly account: Account;
  /** The way that the person chose; undefined: whichever works. */
  readonly kind: CredentialKind | undefined;
}

/** Asks how where nothing is signed in yet; undefined when the person went away. */
export async function signIn(ports: SetUpPorts, where: Where, signal: AbortSignal): Promise<SignedIn | undefined> {
  const any = openAccount(where, undefined, ports);
  try {
    await any.credential.token(any.cloud.armScope, signal);
    return { account: any, kind: undefined };
  } catch (error) {
    if (!isProviderError(error) || error.tag !== 'auth') {
      throw error;
    }
    ports.logger.info('nobody is signed in to Azure yet');
  }
  const way = await ports.ask.choose(
    {
      title: 'Azure: how do you sign in?',
      placeholder: 'Nothing on this machine is signed in to Azure',
      choices: [
        ...(ports.accounts === undefined
          ? []
          : [{ value: 'editor', label: 'Microsoft account', description: 'in VS Code, by the browser' }]),
        { value: 'cli', label: 'Azure CLI', description: 'run az login in a terminal first' },
        { value: 'managedIdentity', label: 'Managed identity', description: 'this machine is one of Azure’s' },
      ],
      mayType: false,
    },
    signal,
  );
  if (way === undefined) {
    return undefined;
  }
  const kind = way === 'editor' ? 'editor' : way === 'cli' ? 'cli' : 'managedIdentity';
  const account = openAccount(where, kind, ports);
  return (await account.credential.signIn(account.cloud.armScope, 'ifNone', signal)) ? { account, kind } : undefined;
}

/** The same sign-in in another tenant, for which the person may be asked once more; undefined when they went away. */
export async function signInTo(
  tenant: string,
  ports: SetUpPorts,
  where: Where,
  kind: CredentialKind | undefined,
  signal: AbortSignal,
): Promise<Account | undefined> {
  const account = openAccount({ ...where, tenant }, kind, ports);
  try {
    await account.credential.token(account.cloud.armScope, signal);
    return account;
  } catch (error) {
    if (!isProviderError(error) || error.tag !== 'auth') {
      throw error;
    }
  }
  return (await account.credential.signIn(account.cloud.armScope, 'ifNone', signal)) ? account : undefined;
}
