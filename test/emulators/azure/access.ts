import { expiredToken, refusal, resourceNotFound, unauthorized } from './armError.ts';
import type { RequestInfo } from './faults.ts';
import type { Person } from './identity/tokens.ts';
import { type Workspace, type World, now } from './world.ts';

const authority = 'https://login.microsoftonline.com';

/** Newest first; what Azure ML serves. */
const machineLearningVersions = [
  '2026-09-01',
  '2026-07-15-preview',
  '2026-07-01',
  '2026-05-01',
  '2026-03-01',
  '2025-12-01',
  '2025-09-01',
  '2025-06-01',
  '2024-10-01',
  '2024-04-01',
  '2024-01-01-preview',
  '2023-10-01',
  '2023-04-01',
];
const resourceManagerVersions = [
  '2022-12-01',
  '2022-09-01',
  '2022-01-01',
  '2021-04-01',
  '2021-01-01',
  '2020-01-01',
  '2019-10-01',
];

/** Who sends a request with that token. Throws 401 as Resource Manager does. */
export function authenticate(world: World, info: RequestInfo, audiences: readonly string[]): Person {
  const header = String(info.headers['authorization'] ?? '');
  const token = /^Bearer (.+)$/iu.exec(header)?.[1];
  if (token === undefined) {
    throw unauthorized(
      'AuthenticationFailed',
      "Authentication failed. The 'Authorization' header is missing.",
      authority,
      world.tenant.id,
    );
  }
  const issued = world.tokens.find(token);
  if (issued === undefined) {
    throw unauthorized('InvalidAuthenticationToken', 'The access token is invalid.', authority, world.tenant.id);
  }
  if (issued.expiresAt <= now(world)) {
    throw expiredToken(issued.expiresAt, now(world), authority, world.tenant.id);
  }
  if (!audiences.some((audience) => issued.audience.startsWith(audience))) {
    throw unauthorized(
      'InvalidAuthenticationTokenAudience',
      `The access token has been obtained for wrong audience or resource '${issued.audience}'. It should exactly match with one of the allowed audiences '${audiences.join(',')}'.`,
      authority,
      world.tenant.id,
    );
  }
  return issued.person;
}

/** Throws where the version is missing, or is none of those that there are. */
export function checkVersion({ path, query }: RequestInfo): void {
  const version = query.get('api-version');
  if (version === null || version === '') {
    throw refusal(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  const versions = /\/Microsoft\.MachineLearningServices\//iu.test(path)
    ? machineLearningVersions
    : resourceManagerVersions;
  if (!versions.includes(version)) {
    throw refusal(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. The supported versions are '${versions.join(',')}'.`,
    );
  }
}

/** Throws where the path names a subscription, a group or a workspace that there is not. */
export function findWorkspace(world: World, params: Readonly<Record<string, string>>): Workspace | null {
  const { subscription, group, workspace } = params;
  if (subscription !== undefined && !world.subscriptions.some(({ id }) => id === subscription.toLowerCase())) {
    throw refusal(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
  }
  if (group === undefined || workspace === undefined) {
    return null;
  }
  const inGroup = world.workspaces.filter(
    (one) => one.subscription === subscription?.toLowerCase() && one.group.toLowerCase() === group.toLowerCase(),
  );
  if (inGroup.length === 0) {
    throw refusal(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
  }
  const found = inGroup.find(({ name }) => name.toLowerCase() === workspace.toLowerCase());
  if (found === undefined) {
    throw resourceNotFound('Microsoft.MachineLearningServices/workspaces', workspace, group);
  }
  return found;
}

/** Throws 403 where the person lacks the right. */
export function authorize(world: World, person: Person, info: RequestInfo): void {
  const action = actionOf(info);
  if (action !== null && world.isDenied(action)) {
    throw refusal(
      403,
      'AuthorizationFailed',
      `The client '${person.upn}' with object id '${person.oid}' does not have authorization to perform action '${action}' over scope '${info.path}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  }
}

/** `Microsoft.MachineLearningServices/workspaces/jobs/write` for the PUT of a job. */
function actionOf({ method, path }: RequestInfo): string | null {
  const [, rest] = /providers\/(Microsoft\.MachineLearningServices\/.*)$/iu.exec(path) ?? [];
  if (rest === undefined) {
    return null;
  }
  const [provider, ...parts] = rest.split('/').filter((part) => part !== '');
  const types = parts.filter((_, index) => index % 2 === 0);
  const isAction = method === 'POST';
  const verb = { GET: 'read', HEAD: 'read', PUT: 'write', PATCH: 'write', DELETE: 'delete' }[method] ?? 'action';
  return [provider, ...types, isAction ? 'action' : verb].join('/');
}
