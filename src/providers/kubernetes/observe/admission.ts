/** Why the cluster makes no pods of a job, from the event that says so. */
export interface Refused {
  readonly explanation: string;
  /** It will not get better by waiting. */
  readonly isFinal: boolean;
}

/** `message` of a FailedCreate event, such as `Error creating: pods "x" is forbidden: exceeded quota: rq, requested: ...`. */
export function explainRefused(message: string): Refused {
  const quota = /exceeded quota: ([^,]+), requested: (.*?), used: (.*?), limited: (.*)$/u.exec(message);
  if (quota !== null) {
    const [, , requested, used, limited] = quota;
    return {
      explanation: `The quota of the namespace is used up: it asks for ${plain(requested)}, and ${plain(used)} of ${plain(limited)} are taken`,
      isFinal: false,
    };
  }
  const missing = /must specify (.*?)(?: for:.*)?$/u.exec(message)?.[1];
  if (/failed quota/u.test(message) && missing !== undefined) {
    return {
      explanation: `The quota of the namespace wants jobs to say how much they need: ${missing}`,
      isFinal: true,
    };
  }
  const profile = /violates PodSecurity "([^"]+)"/u.exec(message)?.[1];
  if (profile !== undefined) {
    return {
      explanation: `The namespace allows only pods of the security profile ${profile.split(':')[0]}: choose it among the options`,
      isFinal: true,
    };
  }
  const account = /serviceaccount "([^"]+)" not found/u.exec(message)?.[1];
  if (account !== undefined) {
    return { explanation: `The namespace has no service account ${account}`, isFinal: true };
  }
  const priority = /no PriorityClass with name (\S+)/u.exec(message)?.[1];
  if (priority !== undefined) {
    return { explanation: `The cluster has no priority class ${priority}`, isFinal: true };
  }
  const webhook = /admission webhook "([^"]+)" denied the request/u.exec(message)?.[1];
  if (webhook !== undefined) {
    return { explanation: `A rule of the cluster (${webhook}) does not allow it`, isFinal: true };
  }
  return { explanation: 'The cluster does not make its pods', isFinal: false };
}

/** `requests.nvidia.com/gpu=8` as `8 nvidia.com/gpu`. */
function plain(amounts: string | undefined): string {
  return (amounts ?? '')
    .split(',')
    .map((amount) => {
      const [resource = '', value = ''] = amount.trim().split('=');
      return `${value} ${resource.replace(/^(?:requests|limits|count)[./]/u, '').replace(/^jobs\.batch$/u, 'jobs')}`.trim();
    })
    .join(', ');
}
