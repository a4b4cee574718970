import * as z from 'zod/mini';
import type { KubeApi } from './client/api.ts';

interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** What it is needed for. */
  readonly toDo: string;
  /** Nothing works without it. */
  readonly isNeeded: boolean;
}

const right = (verb: string, what: string, toDo: string, isNeeded = false): Right => {
  const [path = '', group = ''] = what.split('.');
  const [resource = '', subresource] = path.split('/');
  return { verb, group, resource, ...(subresource === undefined ? {} : { subresource }), toDo, isNeeded };
};

/** What Aloft does in a namespace. */
const rights: readonly Right[] = [
  right('create', 'jobs.batch', 'submit jobs', true),
  right('get', 'jobs.batch', 'find jobs again', true),
  right('list', 'jobs.batch', 'see how jobs are', true),
  right('list', 'pods', 'see how jobs are', true),
  right('get', 'pods', 'read logs', true),
  right('get', 'pods/log', 'read logs', true),
  right('create', 'secrets', 'put code and secrets into the cluster', true),
  right('delete', 'jobs.batch', 'cancel jobs'),
  right('patch', 'jobs.batch', 'end jobs that cannot start'),
  right('get', 'secrets', 'send code only once'),
  right('patch', 'secrets', 'clean up code with its job'),
  right('update', 'secrets', 'submit again when there was no answer'),
  right('watch', 'jobs.batch', 'hear of changes at once'),
  right('watch', 'pods', 'hear of changes at once'),
  right('create', 'services', 'run jobs on several nodes'),
  // Websocket streams are GET requests; newer servers ask for `create` as well.
  right('get', 'pods/exec', 'send large code, fetch results and open shells'),
  right('create', 'pods/exec', 'send large code, fetch results and open shells'),
  right('get', 'pods/portforward', 'forward ports'),
  right('create', 'pods/portforward', 'forward ports'),
  right('list', 'events', 'explain why jobs wait'),
];

export interface MissingRights {
  /** Without them nothing works. */
  readonly needed: readonly string[];
  /** What they would be for is not to be had. */
  readonly useful: readonly string[];
}

const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Asks the cluster what it would allow; a sentence such as `create jobs.batch (to submit jobs)` for each right that is missing. */
export async function missingRights(api: KubeApi, namespace: string, signal: AbortSignal): Promise<MissingRights> {
  const answers = await Promise.all(
    rights.map(async (asked) => ({ asked, isAllowed: await isAllowed(api, namespace, asked, signal) })),
  );
  const missing = answers.filter((answer) => !answer.isAllowed).map(({ asked }) => asked);
  const texts = (isNeeded: boolean): readonly string[] =>
    missing.filter((each) => each.isNeeded === isNeeded).map((each) => `${text(each)} (to ${each.toDo})`);
  return { needed: texts(true), useful: texts(false) };
}

function text({ verb, group, resource, subresource }: Right): string {
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
}

async function isAllowed(
  api: KubeApi,
  namespace: string,
  { verb, group, resource, subresource }: Right,
  signal: AbortSignal,
): Promise<boolean> {
  const resourceAttributes = {
    namespace,
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
  };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const answer = await api.json('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body }, signal);
  return z.parse(reviewSchema, answer).status.allowed;
}
