import { userError } from '../armError.ts';
import { curated, spotPool } from '../resources/catalog.ts';
import { type Call, fieldsOf, textOf } from '../route.ts';

const jobName = /^[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}$/u;
const isoDuration = /^P(?=.)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/u;

/** Throws what the service refuses a job with. */
export function validateJob(call: Call, name: string, properties: Readonly<Record<string, unknown>>): void {
  if (!jobName.test(name)) {
    throw userError(
      `The job name '${name}' is invalid. Names must begin with a letter or digit and have at most 255 letters, digits, - and _.`,
    );
  }
  if (properties['jobType'] !== 'Command') {
    throw userError(`The job type '${textOf(properties['jobType'])}' is not supported.`);
  }
  if (textOf(properties['command']).trim() === '') {
    throw userError('The Command field is required.');
  }
  validateEnvironment(call, textOf(properties['environmentId']));
  validateShape(properties);
  validateInputs(properties);
  validateIdentity(call, properties);
  validateCompute(call, properties);
}

function validateEnvironment(call: Call, id: string): void {
  const fromRegistry =
    /^azureml:\/\/registries\/azureml\/environments\/(?<name>[^/]+)\/(?<kind>versions|labels)\/(?<version>[^/]+)$/u.exec(
      id,
    )?.groups;
  if (fromRegistry !== undefined) {
    const versions = curated[fromRegistry['name'] ?? ''] ?? [];
    const isThere =
      fromRegistry['kind'] === 'labels'
        ? fromRegistry['version'] === 'latest' && versions.length > 0
        : versions.includes(fromRegistry['version'] ?? '');
    if (isThere) {
      return;
    }
  }
  const own = /\/environments\/(?<name>[^/]+)\/versions\/(?<version>[^/]+)$/iu.exec(id)?.groups;
  if (
    fromRegistry === undefined &&
    own !== undefined &&
    call.workspace.environments.has(`${own['name'] ?? ''}/${own['version'] ?? ''}`)
  ) {
    return;
  }
  throw userError(`No environment exists for the environment id '${id}'.`, 'EnvironmentNotFound');
}

function validateShape(properties: Readonly<Record<string, unknown>>): void {
  const { instanceCount = 1 } = fieldsOf(properties['resources']);
  if (typeof instanceCount !== 'number' || !Number.isInteger(instanceCount) || instanceCount < 1) {
    throw userError('The instance count must be a whole number of at least 1.');
  }
  const { timeout } = fieldsOf(properties['limits']);
  if (timeout !== undefined && timeout !== null && !isoDuration.test(textOf(timeout))) {
    throw userError(
      `Error converting value "${textOf(timeout)}" to type 'System.TimeSpan'. Path 'properties.limits.timeout'.`,
    );
  }
  const { distributionType } = fieldsOf(properties['distribution']);
  if (distributionType !== undefined && !['PyTorch', 'Mpi', 'TensorFlow', 'Ray'].includes(textOf(distributionType))) {
    throw userError(`The distribution type '${textOf(distributionType)}' is not supported.`);
  }
  const { jobTier } = fieldsOf(properties['queueSettings']);
  if (jobTier !== undefined && !['Null', 'Spot', 'Basic', 'Standard', 'Premium'].includes(textOf(jobTier))) {
    throw userError(`The job tier '${textOf(jobTier)}' is not supported.`);
  }
}

function validateInputs(properties: Readonly<Record<string, unknown>>): void {
  const command = textOf(properties['command']);
  for (const [, direction = '', name = ''] of command.matchAll(/\$\{\{\s*(inputs|outputs)\.([A-Za-z0-9_]+)\s*\}\}/gu)) {
    if (fieldsOf(properties[direction])[name] === undefined) {
      throw userError(
        `Invalid parameter name \${{${direction}.${name}}} in the command: the job has no such ${direction.slice(0, -1)}.`,
        'InvalidParameterName',
      );
    }
  }
}

/** Who acts as the person needs a token of the person beside the request. */
function validateIdentity({ world, info }: Call, properties: Readonly<Record<string, unknown>>): void {
  const { identityType } = fieldsOf(properties['identity']);
  if (identityType === undefined) {
    return;
  }
  if (!['AMLToken', 'Managed', 'UserIdentity'].includes(textOf(identityType))) {
    throw userError(`The identity type '${textOf(identityType)}' is not supported.`);
  }
  if (identityType === 'Managed' && textOf(properties['computeId']) === '') {
    throw userError('A system-assigned managed identity is not supported with serverless compute.');
  }
  const token = world.tokens.find(textOf(info.headers['x-azureml-token']));
  if (identityType === 'UserIdentity' && (token === undefined || !token.audience.startsWith('https://ml.azure'))) {
    throw userError('The header x-azureml-token is needed for a job that runs as the user.', 'MissingUserToken');
  }
}

function validateCompute({ workspace, world }: Call, properties: Readonly<Record<string, unknown>>): void {
  const { instanceCount = 1, instanceType } = fieldsOf(properties['resources']);
  const computeId = textOf(properties['computeId']);
  if (computeId !== '') {
    const name = computeId.split('/').at(-1) ?? '';
    const compute = workspace.computes.get(name);
    if (compute === undefined) {
      throw userError(`Unknown compute target '${name}'.`, 'ComputeNotFound');
    }
    if (Number(instanceCount) > compute.maxNodes) {
      throw userError(
        `The specified job requires ${Number(instanceCount)} nodes but the compute target '${name}' has at most ${compute.maxNodes}.`,
        'JobNodeCountExceedsCoreQuota',
      );
    }
    return;
  }
  const { catalog } = world;
  const size = catalog.size(textOf(instanceType) || 'Standard_DS3_v2');
  if (size === undefined) {
    throw userError(
      `The instance type '${textOf(instanceType)}' is not supported in ${workspace.location}.`,
      'InvalidInstanceType',
    );
  }
  const isSpot = fieldsOf(properties['queueSettings'])['jobTier'] === 'Spot';
  const family = isSpot ? spotPool : size.family;
  const cores = size.vCPUs * Number(instanceCount);
  const limit = catalog.limit(family);
  if (cores > limit) {
    throw userError(
      isSpot
        ? `The specified subscription has a total low priority vCPU quota of ${limit} and cannot accomodate at least 1 requested managed compute node which maps to ${cores} vCPUs.`
        : `The specified subscription has a ${family} vCPU quota of ${limit} and is less than the requested ${cores} vCPUs. Use a smaller instance_count or another VM size.`,
      'JobNodeCountExceedsCoreQuota',
    );
  }
}
