import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ApiError, forbidden, unauthorized } from './status.ts';
import type { RequestInfo, Verb } from './requestInfo.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What a role lets somebody do. `*` is everything. */
export interface Rule {
  readonly verbs: readonly (Verb | '*')[];
  readonly apiGroups: readonly string[];
  /** `pods`, `pods/log`. */
  readonly resources: readonly string[];
  /** Null: in every namespace and outside them. */
  readonly namespace: string | null;
}

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const everything: Rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespace: null };

/** Who may come in, and what they may do there. */
export class Users {
  readonly #tokens = new Map<string, User>();
  readonly #rules = new Map<string, readonly Rule[]>();
  /** Client certificates are refused like expired ones. */
  refusesCertificates = false;

  add(user: User, token: string | null, rules: readonly Rule[]): void {
    if (token !== null) {
      this.#tokens.set(token, user);
    }
    this.#rules.set(user.name, rules);
  }

  setRules(name: string, rules: readonly Rule[]): void {
    this.#rules.set(name, rules);
  }

  revoke(token: string): void {
    this.#tokens.delete(token);
  }

  authenticate(request: IncomingMessage): User {
    const bearer = /^Bearer (?<token>.+)$/iu.exec(request.headers.authorization ?? '')?.groups?.['token'];
    if (bearer !== undefined) {
      const user = this.#tokens.get(bearer);
      if (user === undefined) {
        throw unauthorized();
      }
      return withAuthenticated(user);
    }
    const certified = certificateUser(request);
    if (certified !== null) {
      if (this.refusesCertificates) {
        throw unauthorized();
      }
      return withAuthenticated(certified);
    }
    return anonymous;
  }

  rulesOf(user: User, namespace: string): readonly Rule[] {
    const rules = user.groups.includes('system:masters') ? [everything] : (this.#rules.get(user.name) ?? []);
    return rules.filter((rule) => rule.namespace === null || rule.namespace === namespace);
  }

  mayDo(user: User, access: Access): boolean {
    const resource = access.subresource === '' ? access.resource : `${access.resource}/${access.subresource}`;
    return this.rulesOf(user, access.namespace).some(
      (rule) =>
        includes(rule.verbs, access.verb) &&
        includes(rule.apiGroups, access.group) &&
        includes(rule.resources, resource),
    );
  }

  /** Throws 403 where the user may not. */
  authorize(user: User, info: RequestInfo): void {
    if (!info.isResource) {
      if (user === anonymous && !openPaths.has(info.path)) {
        throw pathForbidden(user, info);
      }
      return;
    }
    if (openGroups.has(info.group) && user !== anonymous) {
      return;
    }
    if (!this.mayDo(user, info)) {
      throw forbidden({ group: info.group, plural: info.resource }, info.name, refusal(user, info));
    }
  }
}

type Access = Pick<RequestInfo, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'> & {
  readonly verb: string;
};

/** What `system:public-info-viewer` lets everybody read. */
const openPaths = new Set(['/healthz', '/livez', '/readyz', '/version', '/version/']);
/** What `system:basic-user` lets everybody create. */
const openGroups = new Set(['authorization.k8s.io', 'authentication.k8s.io']);

function refusal(user: User, { verb, resource, subresource, group, namespace, name }: RequestInfo): string {
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const isCluster = namespace === '' || (resource === 'namespaces' && name === '');
  const where = isCluster ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}" ${where}`;
}

function pathForbidden(user: User, info: RequestInfo): ApiError {
  return new ApiError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${info.verb} path "${info.path}"`, {});
}

function withAuthenticated(user: User): User {
  return { ...user, groups: [...user.groups, 'system:authenticated'] };
}

function certificateUser(request: IncomingMessage): User | null {
  const { socket } = request;
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    return null;
  }
  const { CN, O } = socket.getPeerCertificate().subject;
  return { name: String(CN), groups: [O ?? []].flat() };
}

function includes(allowed: readonly string[], wanted: string): boolean {
  return allowed.includes('*') || allowed.includes(wanted);
}
