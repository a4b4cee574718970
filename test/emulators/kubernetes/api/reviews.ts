import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { isRecord, textOf } from '../objects/json.ts';
import { parseBody } from './requestBody.ts';
import { badRequest, methodNotAllowed, noSuchPath } from './status.ts';
import type { User } from './users.ts';

/** The kinds that only answer a question: `SelfSubjectAccessReview` and its like. */
export function review(context: ApiContext, request: ApiRequest): Answer {
  const { info, user } = request;
  if (info.verb !== 'create') {
    throw methodNotAllowed();
  }
  const given = parseBody(request);
  if (!isRecord(given)) {
    throw badRequest(`couldn't get version/kind of ${info.path}`);
  }
  const spec = isRecord(given['spec']) ? given['spec'] : {};
  const header = { apiVersion: `${info.group}/${info.version}`, metadata: { creationTimestamp: null } };
  switch (info.resource) {
    case 'selfsubjectaccessreviews':
      return {
        code: 201,
        body: { kind: 'SelfSubjectAccessReview', ...header, spec, status: accessOf(context, user, spec) },
      };
    case 'selfsubjectreviews':
      return {
        code: 201,
        body: {
          kind: 'SelfSubjectReview',
          ...header,
          status: { userInfo: { username: user.name, uid: '', groups: user.groups, extra: {} } },
        },
      };
    case 'selfsubjectrulesreviews':
      return {
        code: 201,
        body: {
          kind: 'SelfSubjectRulesReview',
          ...header,
          spec,
          status: {
            resourceRules: context.users.rulesOf(user, textOf(spec['namespace'])),
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version'] }],
            incomplete: false,
          },
        },
      };
    default:
      throw noSuchPath();
  }
}

function accessOf({ users }: ApiContext, user: User, spec: Record<string, unknown>): object {
  const asked = spec['resourceAttributes'];
  if (!isRecord(asked)) {
    const path = isRecord(spec['nonResourceAttributes']) ? spec['nonResourceAttributes']['path'] : '';
    return { allowed: ['/healthz', '/livez', '/readyz', '/version'].includes(textOf(path)) };
  }
  const text = (name: string): string => textOf(asked[name]);
  const isAllowed = users.mayDo(user, {
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
  });
  return isAllowed ? { allowed: true, reason: 'RBAC: allowed by RoleBinding' } : { allowed: false };
}
