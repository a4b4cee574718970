import type { Answer, Judgement } from './answer.ts';

/** Roles that hold the permissions Aloft needs. */
const roles: readonly (readonly [RegExp, string])[] = [
  [/^aiplatform\./u, 'roles/aiplatform.user'],
  [/^storage\.buckets\./u, 'roles/storage.admin'],
  [/^storage\./u, 'roles/storage.objectAdmin'],
  [/^logging\./u, 'roles/logging.viewer'],
  [/^iam\.serviceAccounts\.actAs$/u, 'roles/iam.serviceAccountUser'],
  [/^serviceusage\./u, 'roles/serviceusage.serviceUsageConsumer'],
];

/** What a 403 means: an API or billing that is off, or a permission that is missing. */
export function judgeDenial({ reason, metadata, message }: Answer, project: string): Judgement {
  if (reason === 'SERVICE_DISABLED' || /has not been used in project .* or it is disabled/u.test(message)) {
    const service =
      metadata['service'] ?? /apis?\/api\/([a-z]+\.googleapis\.com)/u.exec(message)?.[1] ?? 'aiplatform.googleapis.com';
    return {
      tag: 'unsupported',
      message: `The API ${service} is not enabled in the project ${project}.`,
      remedy: `Run \`gcloud services enable ${service} --project ${project}\`, or enable it at ${consoleUrl(`apis/library/${service}`, project)}. It takes a few minutes.`,
    };
  }
  if (
    reason === 'BILLING_DISABLED' ||
    /billing to be enabled|billing account .* (?:is )?(?:disabled|closed)/iu.test(message)
  ) {
    return {
      tag: 'unsupported',
      message: `Billing is not enabled for the project ${project}.`,
      remedy: `Enable it at ${consoleUrl('billing/linkedaccount', project)}.`,
    };
  }
  if (reason === 'USER_PROJECT_DENIED' || /quota project|serviceusage\.services\.use/u.test(message)) {
    return {
      tag: 'auth',
      message: `You may not use the project ${project} for requests.`,
      remedy: `Ask for the role roles/serviceusage.serviceUsageConsumer, or run \`gcloud auth application-default set-quota-project\` with another project.`,
    };
  }
  if (/rateLimitExceeded|userRateLimitExceeded/u.test(reason)) {
    return { tag: 'rateLimited', message: 'Google Cloud asks for fewer requests.' };
  }
  const account = /act as (?:the )?service[ _]account:?\s*['"]?([^\s'",]+@[^\s'",]+?)['".,]?(?:\s|$)/iu.exec(
    message,
  )?.[1];
  if (account !== undefined || /iam\.serviceAccounts\.actAs/u.test(message)) {
    return {
      tag: 'auth',
      message: `You may not run jobs as ${account ?? 'that service account'}.`,
      remedy: `Ask for the role roles/iam.serviceAccountUser on it (${consoleUrl('iam-admin/serviceaccounts', project)}), or choose another service account.`,
    };
  }
  const permission = metadata['permission'] ?? permissionIn(message);
  const role = roles.find(([pattern]) => permission !== undefined && pattern.test(permission))?.[1];
  return {
    tag: 'auth',
    message:
      permission === undefined
        ? `You may not do that in the project ${project}.`
        : `You lack the permission ${permission}.`,
    remedy: `Ask an owner of the project for ${role === undefined ? 'it' : `the role ${role}`} (${consoleUrl('iam-admin/iam', project)}).`,
  };
}

/** Of a service that Aloft asks: e-mail addresses of accounts have dots as well. */
function permissionIn(message: string): string | undefined {
  return /\b((?:aiplatform|storage|logging|iam|serviceusage|resourcemanager|cloudquotas|compute)(?:\.[A-Za-z]+){2})\b/u.exec(
    message.replaceAll(/\S+@\S+/gu, ''),
  )?.[1];
}

/** A page of Google Cloud's console. */
export function consoleUrl(path: string, project: string): string {
  return `https://console.cloud.google.com/${path}?project=${encodeURIComponent(project)}`;
}
