import { isRecord } from './json.ts';
import type { KubeObject, LabelSelector, NodeSelectorRequirement } from './types.ts';

export type Matches = (object: KubeObject) => boolean;

/** A selector that the server refuses with 400; the message is its own. */
export class SelectorError extends Error {}

interface Requirement {
  readonly key: string;
  readonly holds: (value: string | undefined) => boolean;
}

const setOperator = /^(?<key>[^\s!=,()]+)\s+(?<operator>in|notin)\s*\((?<values>[^)]*)\)$/u;
const comparison = /^(?<key>[^\s!=,()]+)\s*(?<operator>==|!=|=|>|<)\s*(?<value>[^\s!=,()]*)$/u;
const existence = /^(?<not>!?)\s*(?<key>[^\s!=,()]+)$/u;

/** The `labelSelector` parameter. */
export function parseLabelSelector(text: string): Matches {
  const requirements = splitOutsideBrackets(text).map((part) => parseRequirement(part.trim(), text));
  return ({ metadata: { labels } }) => requirements.every(({ key, holds }) => holds(labels?.[key]));
}

/** The `fieldSelector` parameter, for the fields that the real server knows for that kind. */
export function parseFieldSelector(text: string, kind: string, apiVersion: string): Matches {
  const terms = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^(?<path>[^=!]+)(?<operator>!=|==|=)(?<value>.*)$/u.exec(part)?.groups;
      if (match === undefined) {
        throw new SelectorError(`invalid selector: '${part}'; can't understand '${part}'`);
      }
      const { path = '', operator, value = '' } = match;
      if (!fieldsOf(kind).includes(path)) {
        throw new SelectorError(
          kind === 'Pod' || apiVersion === 'v1'
            ? `field label not supported: ${path}`
            : `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
        );
      }
      return { path, wants: operator !== '!=', value };
    });
  return (object) => terms.every(({ path, wants, value }) => (fieldText(object, path) === value) === wants);
}

export function matchesSelector(selector: LabelSelector | undefined, labels: Record<string, string> = {}): boolean {
  return (
    Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector?.matchExpressions ?? []).every((expression) => meets(expression, labels[expression.key]))
  );
}

/** Whether a label's value, undefined where there is no such label, is what an expression wants. */
export function meets({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

const commonFields = ['metadata.name', 'metadata.namespace'];
const fieldsByKind: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  Job: ['status.successful'],
  Event: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  Node: ['spec.unschedulable'],
  Secret: ['type'],
  Namespace: ['status.phase'],
};

function fieldsOf(kind: string): readonly string[] {
  return [...commonFields, ...(fieldsByKind[kind] ?? [])];
}

function fieldText(object: KubeObject, path: string): string {
  if (object.kind === 'Job' && path === 'status.successful') {
    return valueAt(object, 'status.succeeded') ?? '0';
  }
  const value = path === 'source' ? valueAt(object, 'source.component') : valueAt(object, path);
  return value ?? falseAsText(path);
}

function falseAsText(path: string): string {
  return path === 'spec.unschedulable' || path === 'spec.hostNetwork' ? 'false' : '';
}

function valueAt(object: unknown, path: string): string | undefined {
  let value = object;
  for (const part of path.split('.')) {
    value = isRecord(value) ? value[part] : undefined;
  }
  return typeof value === 'string' ? value : value === undefined ? undefined : JSON.stringify(value);
}

function parseRequirement(part: string, whole: string): Requirement {
  const set = setOperator.exec(part)?.groups;
  if (set !== undefined) {
    const values = new Set((set['values'] ?? '').split(',').map((value) => value.trim()));
    const isIn = set['operator'] === 'in';
    return {
      key: set['key'] ?? '',
      holds: (value) => (value === undefined ? !isIn : values.has(value) === isIn),
    };
  }
  const compared = comparison.exec(part)?.groups;
  if (compared !== undefined) {
    return { key: compared['key'] ?? '', holds: comparisonOf(compared['operator'] ?? '=', compared['value'] ?? '') };
  }
  const exists = existence.exec(part)?.groups;
  if (exists !== undefined) {
    const wants = exists['not'] !== '!';
    return { key: exists['key'] ?? '', holds: (value) => (value !== undefined) === wants };
  }
  throw new SelectorError(`unable to parse requirement: found '${whole}', expected: identifier`);
}

function comparisonOf(operator: string, wanted: string): Requirement['holds'] {
  switch (operator) {
    case '!=':
      return (value) => value !== wanted;
    case '>':
      return (value) => value !== undefined && Number(value) > Number(wanted);
    case '<':
      return (value) => value !== undefined && Number(value) < Number(wanted);
    default:
      return (value) => value === wanted;
  }
}

function splitOutsideBrackets(text: string): string[] {
  return text.split(/,(?![^(]*\))/u).filter((part) => part.trim() !== '');
}
