import { randomUUID } from 'node:crypto';
import { refusal, userError } from '../armError.ts';
import { type Call, type Reply, type Route, fieldsOf, page, route, textOf, workspacePath } from '../route.ts';
import { type Asset, now } from '../world.ts';

type Kind = 'codes' | 'environments';

const assetName = /^[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,254}$/u;

function assetObject({ workspace, world }: Call, kind: Kind, asset: Asset): object {
  return {
    id: `${workspace.armId}/${kind}/${asset.name}/versions/${asset.version}`,
    name: asset.version,
    type: `Microsoft.MachineLearningServices/workspaces/${kind}/versions`,
    properties: {
      description: null,
      tags: {},
      properties: {},
      isArchived: false,
      isAnonymous: false,
      ...asset.properties,
      provisioningState: 'Succeeded',
    },
    systemData: {
      createdAt: new Date(asset.createdAt).toISOString(),
      createdBy: world.person.name,
      createdByType: 'User',
      lastModifiedAt: new Date(asset.createdAt).toISOString(),
    },
  };
}

function keyOf(call: Call): string {
  return `${call.param('name')}/${call.param('version')}`;
}

function getAsset(call: Call, kind: Kind): Reply {
  const asset = call.workspace[kind].get(keyOf(call));
  if (asset === undefined) {
    const what = kind === 'codes' ? 'Code' : 'Environment';
    throw refusal(404, 'UserError', `${what} version not found: ${call.param('name')}:${call.param('version')}`);
  }
  return { code: 200, body: assetObject(call, kind, asset) };
}

function putAsset(call: Call, kind: Kind): Reply {
  const name = call.param('name');
  if (!assetName.test(name)) {
    throw userError(`The asset name ${name} is invalid.`);
  }
  const properties = fieldsOf(fieldsOf(call.body)['properties']);
  const known = call.workspace[kind].get(keyOf(call));
  if (known !== undefined) {
    const changed = kind === 'codes' ? 'codeUri' : 'image';
    if (properties[changed] !== known.properties[changed]) {
      throw userError(
        `The ${changed} of ${name}:${call.param('version')} cannot be changed: a version that exists is immutable.`,
        'AssetVersionImmutable',
      );
    }
    return { code: 200, body: assetObject(call, kind, known) };
  }
  if (kind === 'codes' && !textOf(properties['codeUri']).startsWith(call.world.storage.endpoint)) {
    throw userError(`The codeUri '${textOf(properties['codeUri'])}' is not of a storage account of this workspace.`);
  }
  if (kind === 'environments' && textOf(properties['image']) === '' && properties['build'] === undefined) {
    throw userError('Either an image or a build context must be given for an environment.');
  }
  const asset: Asset = { name, version: call.param('version'), properties, createdAt: now(call.world) };
  call.workspace[kind].set(keyOf(call), asset);
  return { code: 201, body: assetObject(call, kind, asset) };
}

function listVersions(call: Call, kind: Kind): Reply {
  const hash = call.info.query.get('hash');
  const versions = [...call.workspace[kind].values()].filter(
    ({ name, properties }) =>
      name === call.param('name') && (hash === null || fieldsOf(properties['properties'])['hash_sha256'] === hash),
  );
  return page(
    call,
    versions.map((asset) => assetObject(call, kind, asset)),
    30,
  );
}

/** A container of its own for one code asset, and a signature to fill it with. */
async function startPendingUpload(call: Call): Promise<Reply> {
  const { storage } = call.world;
  const container = `${randomUUID().slice(0, 8)}-${call.workspace.id.slice(9)}`;
  await storage.makeContainer(container);
  return {
    code: 200,
    body: {
      pendingUploadId: randomUUID(),
      pendingUploadType: 'TemporaryBlobReference',
      blobReferenceForConsumption: {
        blobUri: `${storage.endpoint}/${container}`,
        storageAccountArmId: `/subscriptions/${call.workspace.subscription}/resourceGroups/${call.workspace.group}/providers/Microsoft.Storage/storageAccounts/${storage.account}`,
        credential: { credentialType: 'SAS', sasUri: storage.signedContainer(container) },
      },
    },
  };
}

const assetRoutesOf = (kind: Kind): readonly Route[] => [
  route('GET', `${workspacePath}/${kind}/{name}/versions`, (call) => listVersions(call, kind)),
  route('GET', `${workspacePath}/${kind}/{name}/versions/{version}`, (call) => getAsset(call, kind)),
  route('PUT', `${workspacePath}/${kind}/{name}/versions/{version}`, (call) => putAsset(call, kind)),
];

/** Code and environments of a workspace. */
export const assetRoutes: readonly Route[] = [
  ...assetRoutesOf('codes'),
  ...assetRoutesOf('environments'),
  route('POST', `${workspacePath}/codes/{name}/versions/{version}/startPendingUpload`, startPendingUpload),
  route('GET', `${workspacePath}/environments`, (call) => {
    const names = new Set([...call.workspace.environments.values()].map(({ name }) => name));
    const own = [...names].map((name) => ({
      id: `${call.workspace.armId}/environments/${name}`,
      name,
      type: 'Microsoft.MachineLearningServices/workspaces/environments',
      properties: {
        description: null,
        tags: {},
        properties: {},
        isArchived: false,
        latestVersion: null,
        nextVersion: null,
      },
    }));
    return page(call, own, 30);
  }),
];
