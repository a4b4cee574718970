/** What there is at a cluster, as `discoverScript` found it. */
export interface Site {
  readonly nodes: readonly SiteNode[];
  readonly partitions: readonly Partition[];
  /** Jobs that wait, by partition. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Accounts one may use; empty without an accounting database. */
  readonly accounts: readonly string[];
  readonly qos: readonly string[];
  readonly reservations: readonly string[];
}

export interface SiteNode {
  readonly name: string;
  /** The base word, such as `IDLE`. */
  readonly state: string;
  /** It takes jobs: up, answering, not drained nor reserved. */
  readonly isUsable: boolean;
  readonly partitions: readonly string[];
  readonly devices: readonly Devices[];
  readonly cpus: number;
  readonly cpusUsed: number;
  readonly features: readonly string[];
}

/** Devices of one kind in one node. */
export interface Devices {
  /** Without the count: `gpu:h100`, or `gpu` where they have no type. */
  readonly gres: string;
  readonly total: number;
  readonly used: number;
}

export interface Partition {
  readonly name: string;
  readonly isDefault: boolean;
  readonly isUp: boolean;
  readonly maxTime: string;
  /** Its jobs may be ended or put back into the queue for those of another one. */
  readonly isPreemptible: boolean;
}

/** Works with what 22.05 and 24.11 print. */
export function parseSite(text: string): Site {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) {
      lines = [];
      sections.set(line.slice(2), lines);
    } else if (line.trim() !== '') {
      lines.push(line);
    }
  }
  const section = (name: string): readonly string[] => sections.get(name) ?? [];
  const accounts = section('accounts').map((line) => line.split('|'));
  return {
    nodes: section('nodes')
      .map(parseNode)
      .filter(({ name }) => name !== ''),
    partitions: parsePartitions(section('partitions'), section('preemption')),
    waiting: parseWaiting(section('waiting')),
    accounts: distinct(accounts.map(([account = '']) => account)),
    qos: distinct(accounts.flatMap(([, , qos = '']) => qos.split(','))),
    reservations: distinct(
      section('reservations').flatMap((line) => {
        const [name = '', , state] = line.split('|');
        return state === 'INACTIVE' ? [] : [name];
      }),
    ),
  };
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names.filter((name) => name !== ''))].toSorted((a, b) => (a < b ? -1 : 1));
}

/** `Key=value` words; what holds spaces is cut off, and none of ours does. */
function fieldsOf(line: string): ReadonlyMap<string, string> {
  return new Map(
    line.split(/\s+/u).map((word) => {
      const at = word.indexOf('=');
      return [word.slice(0, at), word.slice(at + 1)] as const;
    }),
  );
}

const unusable = /DOWN|DRAIN|FAIL|MAINT|NOT_RESPONDING|RESERVED|UNKNOWN|FUTURE|REBOOT|INVAL|\*/u;

function parseNode(line: string): SiteNode {
  const fields = fieldsOf(line);
  const state = fields.get('State') ?? 'UNKNOWN';
  const used = parseGres(fields.get('GresUsed') ?? '');
  return {
    name: fields.get('NodeName') ?? '',
    state: /^[A-Z]+/u.exec(state)?.[0] ?? state,
    // A node that is powered down in a cloud starts when it is needed.
    isUsable: !unusable.test(state.replaceAll(/POWER(?:ED|ING)_DOWN/gu, '')),
    partitions: list(fields.get('Partitions')),
    devices: [...parseGres(fields.get('Gres') ?? '')].map(([gres, total]) => ({
      gres,
      total,
      used: used.get(gres) ?? (gres.includes(':') ? 0 : total === 0 ? 0 : sumOf(used, gres)),
    })),
    cpus: Number(fields.get('CPUEfctv') ?? fields.get('CPUTot') ?? 0),
    cpusUsed: Number(fields.get('CPUAlloc') ?? 0),
    features: list(fields.get('ActiveFeatures')),
  };
}

function sumOf(used: ReadonlyMap<string, number>, name: string): number {
  return [...used].reduce((sum, [gres, count]) => (gres.startsWith(`${name}:`) ? sum + count : sum), 0);
}

function list(text: string | undefined): string[] {
  return text === undefined || text === '(null)' ? [] : text.split(',').filter((item) => item !== '');
}

/** `gpu:h100:8(S:0-1),gpu:a100:2(IDX:0,1),shard:16` to counts by kind. Only GPUs. */
export function parseGres(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of text.replaceAll(/\([^)]*\)/gu, '').split(',')) {
    const [name, ...rest] = item.split(':');
    const count = rest.pop();
    if (name !== 'gpu' || count === undefined || !/^[0-9]+$/u.test(count)) {
      continue;
    }
    const type = rest.join(':');
    const gres = type === '' || type === '(null)' ? 'gpu' : `gpu:${type}`;
    counts.set(gres, (counts.get(gres) ?? 0) + Number(count));
  }
  return counts;
}

function parsePartitions(lines: readonly string[], preemption: readonly string[]): Partition[] {
  const preempts = preemption.some((line) => line.startsWith('PreemptType=') && !/none/u.test(line));
  const rows = lines.map(fieldsOf);
  const tierOf = (fields: ReadonlyMap<string, string>): number => Number(fields.get('PriorityTier') ?? 1);
  const highest = Math.max(...rows.map(tierOf));
  return rows.map((fields) => ({
    name: fields.get('PartitionName') ?? '',
    isDefault: fields.get('Default') === 'YES',
    isUp: (fields.get('State') ?? 'UP') === 'UP',
    maxTime: fields.get('MaxTime') ?? 'UNLIMITED',
    isPreemptible: preempts && /REQUEUE|CANCEL/u.test(fields.get('PreemptMode') ?? '') && tierOf(fields) < highest,
  }));
}

function parseWaiting(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [, count, partitions] = /^\s*([0-9]+)\s+(\S+)/u.exec(line) ?? [];
    for (const partition of partitions?.split(',') ?? []) {
      counts.set(partition, (counts.get(partition) ?? 0) + Number(count));
    }
  }
  return counts;
}
