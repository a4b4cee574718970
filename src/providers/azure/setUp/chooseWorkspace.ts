import type { Choice } from '../../../core/ask.ts';
import type { SetUpPorts } from '../../../core/ports.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import type { Account } from '../account.ts';
import {
  type Found,
  type FoundWorkspace,
  findWorkspaces,
  listSubscriptions,
  listWorkspaces,
  type Tenant,
} from './findWorkspaces.ts';
import { type SignedIn, signInTo, type Where } from './signIn.ts';

const elsewhere = 'elsewhere';

/**
 * One of all that are found, or, step by step, one of another tenant or subscription, named where it is in no list. undefined when
 * the person went away. Rejects with `notFound` where there is none.
 */
export async function chooseWorkspace(
  ports: SetUpPorts,
  where: Where,
  signedIn: SignedIn,
  signal: AbortSignal,
): Promise<FoundWorkspace | undefined> {
  const found = await findWorkspaces(ports, where, signedIn, signal);
  const { workspaces, tenants, failures } = found;
  if (workspaces.length === 0 && tenants.length <= 1) {
    throw noWorkspaces(found, signedIn.account);
  }
  const answer = await ports.ask.choose(
    {
      title: 'Azure: which workspace?',
      placeholder: 'Jobs run in its region and keep their code and logs in its storage',
      choices: [
        ...workspaces.map(describe),
        {
          value: elsewhere,
          label: 'Another tenant or subscription…',
          ...(failures.length === 0
            ? {}
            : { description: 'not all could be looked into', detail: failures.join(' · ').slice(0, 500) }),
        },
      ],
      mayType: false,
    },
    signal,
  );
  return answer === elsewhere
    ? chooseElsewhere(ports, where, signedIn, tenants, signal)
    : workspaces[Number(answer ?? -1)];
}

function describe({ name, location, resourceGroup, subscription }: FoundWorkspace, index: number): Choice {
  return {
    value: String(index),
    label: name,
    description: [location, resourceGroup].join(' · '),
    detail: subscription.name,
  };
}

async function chooseElsewhere(
  ports: SetUpPorts,
  where: Where,
  { kind }: SignedIn,
  tenants: readonly Tenant[],
  signal: AbortSignal,
): Promise<FoundWorkspace | undefined> {
  const { ask } = ports;
  const answered = await ask.choose(
    {
      title: 'Azure: which tenant?',
      placeholder: 'One of the list, or its id or domain; you may be asked to sign in to it',
      choices: tenants.map(({ id, name }) => ({ value: id, label: name, description: id })),
      mayType: true,
    },
    signal,
  );
  if (answered === undefined) {
    return undefined;
  }
  const tenant = named('tenant', answered, /^[A-Za-z0-9][-A-Za-z0-9.]*$/u);
  const account = await signInTo(tenant, ports, where, kind, signal);
  if (account === undefined) {
    return undefined;
  }
  const { api } = account;
  const subscriptions = await listSubscriptions(api, signal);
  const id = await ask.choose(
    {
      title: 'Azure: which subscription?',
      placeholder: 'One of the list, or its id',
      choices: subscriptions.map((each) => ({ value: each.id, label: each.name, description: each.id })),
      mayType: true,
    },
    signal,
  );
  if (id === undefined) {
    return undefined;
  }
  const subscription = subscriptions.find((each) => each.id === id) ?? {
    id: named('subscription', id, /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/u),
    name: id,
  };
  const workspaces = await listWorkspaces(api, subscription, tenant, signal).catch((error: unknown) => {
    // Who may not list them may know one.
    if (isProviderError(error) && error.tag === 'auth') {
      return [];
    }
    throw error;
  });
  const answer = await ask.choose(
    {
      title: 'Azure: which workspace?',
      placeholder: 'One of the list, or group/name',
      choices: workspaces.map(describe),
      mayType: true,
    },
    signal,
  );
  if (answer === undefined) {
    return undefined;
  }
  const chosen = workspaces.find((_, index) => String(index) === answer);
  if (chosen !== undefined) {
    return chosen;
  }
  const [resourceGroup = '', name = ''] = named('workspace', answer, /^[-\w.()]+\/[-\w]+$/u).split('/');
  return { name, resourceGroup, location: '', subscription, tenant };
}

function named(what: string, typed: string, pattern: RegExp): string {
  if (pattern.test(typed.trim())) {
    return typed.trim();
  }
  throw new ProviderError('invalid', `"${typed}" is no ${what} of Azure.`, {
    remedy: what === 'workspace' ? 'Write its resource group and its name, as lab/vision.' : 'Write its id.',
  });
}

function noWorkspaces({ subscriptions, tenants, failures }: Found, { credential }: Account): ProviderError {
  const [only] = tenants;
  const raw = failures.join('\n') || `tenants: ${only?.id ?? 'none'}; subscriptions: ${subscriptions}`;
  return subscriptions === 0
    ? new ProviderError('notFound', 'Your sign-in sees no subscription of Azure.', {
        raw,
        remedy: `Sign in to the tenant that has one. ${credential.remedyIn(only?.id)}`,
      })
    : new ProviderError('notFound', 'Your subscriptions have no workspace of Azure Machine Learning.', {
        raw,
        remedy: 'Make one at https://ml.azure.com, or ask its owner for the role AzureML Data Scientist.',
      });
}
