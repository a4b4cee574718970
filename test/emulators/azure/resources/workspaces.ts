import { type Route, page, route, workspacePath } from '../route.ts';
import { type Workspace, type World, blobStoreContainer } from '../world.ts';
import { refusal, userError } from '../armError.ts';

function workspaceObject(world: World, workspace: Workspace): object {
  const { armId, name, location, id, createdAt } = workspace;
  return {
    id: armId,
    name,
    type: 'Microsoft.MachineLearningServices/workspaces',
    location,
    kind: 'Default',
    sku: { name: 'Basic', tier: 'Basic' },
    identity: { type: 'SystemAssigned', tenantId: world.tenant.id, principalId: id },
    tags: {},
    properties: {
      friendlyName: name,
      description: '',
      workspaceId: id,
      tenantId: world.tenant.id,
      discoveryUrl: `${world.url}/discovery`,
      mlFlowTrackingUri: `azureml://${location}.api.azureml.ms/mlflow/v1.0${armId}`,
      storageAccount: `/subscriptions/${workspace.subscription}/resourceGroups/${workspace.group}/providers/Microsoft.Storage/storageAccounts/${world.storage.account}`,
      provisioningState: 'Succeeded',
      publicNetworkAccess: 'Enabled',
      v1LegacyMode: false,
      systemDatastoresAuthMode: 'accesskey',
      hbiWorkspace: false,
    },
    systemData: { createdAt: new Date(createdAt).toISOString(), createdBy: world.person.name, createdByType: 'User' },
  };
}

function datastores(world: World, workspace: Workspace): object[] {
  const store = (name: string, containerName: string, isDefault: boolean): object => ({
    id: `${workspace.armId}/datastores/${name}`,
    name,
    type: 'Microsoft.MachineLearningServices/workspaces/datastores',
    properties: {
      description: null,
      tags: {},
      properties: {},
      isDefault,
      subscriptionId: workspace.subscription,
      resourceGroup: workspace.group,
      datastoreType: 'AzureBlob',
      accountName: world.storage.account,
      containerName,
      endpoint: 'core.windows.net',
      protocol: 'https',
      serviceDataAccessAuthIdentity: 'WorkspaceSystemAssignedIdentity',
      credentials: { credentialsType: 'AccountKey' },
    },
  });
  return [
    store('workspaceblobstore', blobStoreContainer(workspace), true),
    store('workspaceartifactstore', 'azureml', false),
  ];
}

const isNamed =
  (name: string) =>
  (resource: object): boolean =>
    'name' in resource && resource.name === name;

/** Workspaces and the datastores in them. */
export const workspaceRoutes: readonly Route[] = [
  route('GET', '/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/workspaces', (call) => {
    const { world } = call;
    const here = world.workspaces.filter(({ subscription }) => subscription === call.param('subscription'));
    return page(
      call,
      here.map((workspace) => workspaceObject(world, workspace)),
      30,
    );
  }),
  route('GET', workspacePath, ({ world, workspace }) => ({ code: 200, body: workspaceObject(world, workspace) })),
  route('GET', `${workspacePath}/datastores`, (call) => {
    const { query } = call.info;
    const wanted = query.get('isDefault');
    const all = datastores(call.world, call.workspace);
    return page(call, wanted === 'true' ? all.slice(0, 1) : all, 30);
  }),
  route('GET', `${workspacePath}/datastores/{name}`, (call) => ({ code: 200, body: datastore(call) })),
  route('POST', `${workspacePath}/datastores/{name}/listSecrets`, (call) => {
    datastore(call);
    if (!call.world.keepsSecrets) {
      throw userError('No secrets for credentials of type None.');
    }
    return { code: 200, body: { secretsType: 'AccountKey', key: call.world.storage.key } };
  }),
];

function datastore(call: Parameters<Route['handle']>[0]): object {
  const name = call.param('name');
  const found = datastores(call.world, call.workspace).find(isNamed(name));
  if (found === undefined) {
    throw refusal(404, 'UserError', `Could not find datastore: ${name}`);
  }
  return found;
}
