/**
 * A plain sentence for why the scheduler finds no node, from its message, such as `0/12 nodes are available: 8 Insufficient
 * nvidia.com/gpu, 4 node(s) had untolerated taint {team: b}. preemption: ...`.
 */
export function explainUnschedulable(message: string): string {
  const [, total, list = ''] = /^0\/(\d+) nodes are available: (.*?)(?:\. preemption:.*|\.?)$/su.exec(message) ?? [];
  if (/persistentvolumeclaim "[^"]+" not found/u.test(message)) {
    return 'It waits for a volume that is not there';
  }
  if (total === undefined) {
    return 'The cluster has found no node for it yet';
  }
  if (total === '0') {
    return 'The cluster has no nodes now; one may be added for it';
  }
  const causes = list
    .split(', ')
    .map((part) => /^(\d+) (.*)$/su.exec(part))
    .flatMap((match) => (match === null ? [] : [{ nodes: Number(match[1]), why: match[2] ?? '' }]));
  const lacking = causes.filter(({ why }) => why.startsWith('Insufficient '));
  if (lacking.length > 0) {
    const what = lacking.map(({ why }) => why.slice('Insufficient '.length)).map(resourceWord);
    return `No node has enough free ${joined([...new Set(what)])} now`;
  }
  if (
    causes.some(({ why }) => /affinity|selector/u.test(why)) &&
    causes.every(({ why }) => !/cordon|unschedulable/u.test(why))
  ) {
    return causes.some(({ why }) => /anti-affinity/u.test(why))
      ? 'There are not enough nodes: each part of the job needs one of its own'
      : 'No node of the cluster is of the kind that the job asks for';
  }
  const taint = causes
    .map(({ why }) => /taint\(?s?\)? \{([^}]*)\}/u.exec(why)?.[1])
    .find((found) => found !== undefined);
  if (taint !== undefined) {
    return `The nodes that fit are set aside for others (${taint})`;
  }
  if (causes.some(({ why }) => /unschedulable|cordon/u.test(why))) {
    return 'The nodes that fit take no new jobs now';
  }
  if (causes.some(({ why }) => /Too many pods/u.test(why))) {
    return 'The nodes that fit run as many pods as they may';
  }
  if (causes.some(({ why }) => /volume/u.test(why))) {
    return 'No node can use the volume that it needs';
  }
  return 'No node fits now';
}

function resourceWord(resource: string): string {
  const words: Readonly<Record<string, string>> = {
    cpu: 'CPUs',
    memory: 'memory',
    'ephemeral-storage': 'disk space',
    'nvidia.com/gpu': 'GPUs',
    'amd.com/gpu': 'GPUs',
    'google.com/tpu': 'TPUs',
  };
  return words[resource] ?? resource;
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
