import { readFile } from 'node:fs/promises';

import type { Plugin } from 'esbuild';

/** What protobufjs writes of a namespace; only what the walk looks at. */
interface Definition {
  readonly nested?: Readonly<Record<string, Definition>>;
  readonly fields?: Readonly<Record<string, { readonly type: string; readonly keyType?: string }>>;
  readonly methods?: Readonly<Record<string, MethodDefinition>>;
  readonly [other: string]: unknown;
}

interface MethodDefinition {
  readonly requestType: string;
  readonly responseType: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly parsedOptions?: readonly Readonly<Record<string, unknown>>[];
}

/** The services that are used, and of them what is. */
const services = [
  {
    filter: /[\\/]aiplatform[\\/]build[\\/]protos[\\/]protos\.json$/,
    service: 'google.cloud.aiplatform.v1.JobService',
    methods: ['CreateCustomJob', 'GetCustomJob', 'ListCustomJobs', 'CancelCustomJob', 'DeleteCustomJob'],
  },
  {
    filter: /[\\/]logging-api[\\/]build[\\/]protos[\\/]protos\.json$/,
    service: 'google.logging.v2.LoggingServiceV2',
    methods: ['ListLogEntries', 'TailLogEntries'],
  },
];

/** Types that clients look up by name, for what operations end in, and that nothing is ever read into. */
const lookedUp = new Set([
  'google.protobuf.Empty',
  'google.cloud.aiplatform.v1.DeleteOperationMetadata',
  'google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob',
  'google.cloud.aiplatform.v1.UpdateModelDeploymentMonitoringJobOperationMetadata',
]);

/**
 * Of the 4 MB that describe all of Vertex AI, bundles what the methods that are used need: their messages, those they are made of, and
 * those that their long-running operations end in. Building a client takes a fraction of the time with so little.
 */
export const trimProtos: Plugin = {
  name: 'trim-protos',
  setup(plugin) {
    for (const { filter, service, methods } of services) {
      plugin.onLoad({ filter }, async ({ path }) => {
        const whole = JSON.parse(await readFile(path, 'utf8')) as Definition;
        return { contents: JSON.stringify(closureOf(whole, service, methods)), loader: 'json' };
      });
    }
  },
};

/** The tree with nothing but some methods of a service and what they need. */
export function closureOf(whole: Definition, service: string, methods: readonly string[]): Definition {
  const root = withMethods(whole, service.split('.'), methods);
  const kept = new Set<string>();
  const waiting = [service];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const definition = find(root, name);
    if (kept.has(name) || definition === undefined) {
      continue;
    }
    kept.add(name);
    waiting.push(...typesIn(definition).flatMap((type) => resolve(root, name, type) ?? []));
    // A message that is inside another comes with it, and names what is inside in turn.
    waiting.push(...Object.keys(definition.nested ?? {}).map((inner) => `${name}.${inner}`));
    const outer = name.slice(0, name.lastIndexOf('.'));
    if (/\.[A-Z]\w*$/u.test(outer)) {
      waiting.push(outer);
    }
  }
  return copy(root, '', kept);
}

function withMethods(at: Definition, [next, ...path]: readonly string[], methods: readonly string[]): Definition {
  if (next === undefined) {
    const used = Object.entries(at.methods ?? {}).filter(([name]) => methods.includes(name));
    return { ...at, methods: Object.fromEntries(used) };
  }
  const inner = at.nested?.[next];
  return inner === undefined ? at : { ...at, nested: { ...at.nested, [next]: withMethods(inner, path, methods) } };
}

function typesIn({ fields = {}, methods = {} }: Definition): readonly string[] {
  const ofMethods = Object.values(methods).flatMap(({ requestType, responseType, options, parsedOptions }) => [
    requestType,
    responseType,
    ...operationTypes(options),
    ...(parsedOptions ?? []).flatMap(operationTypes),
  ]);
  return [...Object.values(fields).map(({ type }) => type), ...ofMethods];
}

/** `google.longrunning.operation_info` names what an operation gives, and what it tells meanwhile. */
function operationTypes(options: Readonly<Record<string, unknown>> = {}): readonly string[] {
  return Object.entries(options).flatMap(([name, value]): readonly string[] => {
    if (typeof value === 'string' && /(?:response|metadata)_type$/u.test(name)) {
      return [value];
    }
    return typeof value === 'object' && value !== null ? operationTypes(value as Record<string, unknown>) : [];
  });
}

function find(root: Definition, name: string): Definition | undefined {
  return name.split('.').reduce<Definition | undefined>((at, part) => at?.nested?.[part], root);
}

/** As protobuf looks names up: from the inside out. null for the types that every field can have. */
function resolve(root: Definition, from: string, type: string): string | null {
  const parts = from.split('.');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const name = [...parts.slice(0, depth), type].join('.').replace(/^\./u, '');
    if (find(root, name) !== undefined) {
      return name;
    }
  }
  return null;
}

function copy(definition: Definition, name: string, kept: ReadonlySet<string>): Definition {
  if (definition.nested === undefined || kept.has(name)) {
    return definition;
  }
  const nested = Object.entries(definition.nested).flatMap(([part, inner]): [string, Definition][] => {
    const path = name === '' ? part : `${name}.${part}`;
    if (lookedUp.has(path) && !kept.has(path)) {
      return [[part, { fields: {} }]];
    }
    const isNeeded = kept.has(path) || [...kept].some((other) => other.startsWith(`${path}.`));
    return isNeeded ? [[part, copy(inner, path, kept)]] : [];
  });
  return { ...definition, nested: Object.fromEntries(nested) };
}
