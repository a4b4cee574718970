import type { ProviderPorts, SetUpPorts } from '../../core/ports.ts';
import { ProviderError } from '../../core/providerError.ts';
import { AzureApi } from './client/api.ts';
import { Credential } from './client/credential.ts';
import { RunHistory } from './client/runHistory.ts';
import { Workspace } from './client/workspace.ts';
import { type AzureCloud, cloudOf } from './cloud.ts';
import { JobSecrets } from './jobSecrets.ts';
import { JobLogs } from './logs/jobLogs.ts';
import { Observer } from './observe/observe.ts';
import { workspaceId } from './paths.ts';
import type { AzureSettings, CredentialKind } from './settings.ts';

/** A sign-in, and the calls that can be made with it. */
export interface Account {
  readonly api: AzureApi;
  readonly credential: Credential;
  readonly cloud: AzureCloud;
}

/** Everything that a connection works with. */
export interface OpenWorkspace extends Account {
  readonly settings: AzureSettings;
  /** Resource id. */
  readonly id: string;
  readonly workspace: Workspace;
  readonly history: RunHistory;
  readonly secrets: JobSecrets;
  readonly observer: Observer;
  readonly logs: JobLogs;
}

export function openAccount(
  settings: Pick<AzureSettings, 'apiVersion' | 'cloud' | 'endpoints' | 'tenant'>,
  kind: CredentialKind | undefined,
  { accounts, clock, logger }: SetUpPorts,
): Account {
  const cloud = cloudOf(settings);
  const { tenant, apiVersion } = settings;
  const credential = new Credential({ cloud, tenant, kind, accounts, clock, logger });
  return { cloud, credential, api: new AzureApi({ cloud, credential, apiVersion, clock }) };
}

export function openWorkspace(settings: AzureSettings, ports: ProviderPorts): OpenWorkspace {
  const { clock, keyValue } = ports;
  const account = openAccount(settings, settings.credential, ports);
  const workspace = new Workspace({ ...account, settings, clock });
  const history = new RunHistory(account.api, workspace, settings);
  const id = workspaceId(settings);
  const secrets = new JobSecrets({ workspace, keyValue, clock });
  const observer = new Observer({ ...account, history, secrets, workspaceId: id, clock });
  const logs = new JobLogs({
    observe: async (handles, signal) => observer.observe(handles, signal),
    history,
    clock,
  });
  return { ...account, settings, id, workspace, history, secrets, observer, logs };
}

/** For what is no ProviderError yet: an answer of Azure's that has not the shape it should have. */
export function explain(error: unknown): ProviderError {
  return new ProviderError('transient', 'Azure answered with something that was not expected.', {
    raw: error instanceof Error ? error.message : String(error),
    cause: error,
  });
}
