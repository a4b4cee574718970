import type { AzureSettings } from './settings.ts';

/** Where the parts of one of Microsoft's clouds are. URLs without a slash at the end. */
export interface AzureCloud {
  readonly resourceManager: string;
  /** Scope of tokens for Resource Manager, which the data plane of Azure ML takes as well. */
  readonly armScope: string;
  /** Scope of the token that goes with a job that acts as the person (header `x-azureml-token`). */
  readonly machineLearningScope: string;
  readonly storageScope: string;
  /** Host that signs people in. */
  readonly authorityHost: string;
  /** Nobody but itself knows of that host: a cloud that is cut off from Microsoft's own. */
  readonly isApart: boolean;
  readonly studio: string;
  /** With `{account}` in it. */
  readonly blob: string;
}

/** Hosts as `az cloud list` names them. */
const clouds: Readonly<Record<NonNullable<AzureSettings['cloud']>, Omit<AzureCloud, 'isApart'>>> = {
  public: {
    resourceManager: 'https://management.azure.com',
    armScope: 'https://management.azure.com/.default',
    machineLearningScope: 'https://ml.azure.com/.default',
    storageScope: 'https://storage.azure.com/.default',
    authorityHost: 'https://login.microsoftonline.com',
    studio: 'https://ml.azure.com',
    blob: 'https://{account}.blob.core.windows.net',
  },
  usGov: {
    resourceManager: 'https://management.usgovcloudapi.net',
    armScope: 'https://management.usgovcloudapi.net/.default',
    machineLearningScope: 'https://ml.azure.us/.default',
    storageScope: 'https://storage.azure.com/.default',
    authorityHost: 'https://login.microsoftonline.us',
    studio: 'https://ml.azure.us',
    blob: 'https://{account}.blob.core.usgovcloudapi.net',
  },
  china: {
    resourceManager: 'https://management.chinacloudapi.cn',
    armScope: 'https://management.chinacloudapi.cn/.default',
    machineLearningScope: 'https://ml.azure.cn/.default',
    storageScope: 'https://storage.azure.com/.default',
    authorityHost: 'https://login.chinacloudapi.cn',
    studio: 'https://studio.ml.azure.cn',
    blob: 'https://{account}.blob.core.chinacloudapi.cn',
  },
};

export function cloudOf({ cloud = 'public', endpoints }: Pick<AzureSettings, 'cloud' | 'endpoints'>): AzureCloud {
  const own = clouds[cloud];
  return {
    ...own,
    resourceManager: endpoints?.resourceManager?.replace(/\/+$/u, '') ?? own.resourceManager,
    blob: endpoints?.blob?.replace(/\/+$/u, '') ?? own.blob,
    studio: endpoints?.studio?.replace(/\/+$/u, '') ?? own.studio,
    authorityHost: endpoints?.authority?.replace(/\/+$/u, '') ?? own.authorityHost,
    isApart: endpoints?.authority !== undefined,
  };
}
