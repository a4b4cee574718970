import { isRecord } from '../objects/json.ts';
import { ApiError, badRequest } from './status.ts';

type Json = Record<string, unknown>;

export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) {
    return patch;
  }
  const result: Json = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[key];
    } else {
      result[key] = mergePatch(result[key], value);
    }
  }
  return result;
}

/** Fields that are lists of objects told apart by a key (`patchMergeKey` in the API's types). */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  conditions: 'type',
  imagePullSecrets: 'name',
  ownerReferences: 'uid',
  hostAliases: 'ip',
  taints: 'key',
  addresses: 'type',
  topologySpreadConstraints: 'topologyKey',
  secrets: 'name',
};
/** Ports merge by another key in a container and in a Service. */
const portKeys = ['containerPort', 'port'];
/** Lists of plain values that are merged as sets. */
const sets = new Set(['finalizers']);

/** A strategic merge patch of a built-in kind, with its `$patch`, `$retainKeys` and `$deleteFromPrimitiveList` directives. */
export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  return strategic(target, patch, '');
}

function strategic(target: unknown, patch: unknown, field: string): unknown {
  if (Array.isArray(patch)) {
    return strategicList(Array.isArray(target) ? target : [], patch, field);
  }
  if (!isRecord(patch)) {
    return patch;
  }
  if (patch['$patch'] === 'replace') {
    return without(patch, ['$patch']);
  }
  if (patch['$patch'] === 'delete') {
    return {};
  }
  const retained = patch['$retainKeys'];
  const kept = isRecord(target)
    ? Object.entries(target).filter(([key]) => !Array.isArray(retained) || retained.includes(key))
    : [];
  const result: Json = Object.fromEntries(kept);
  for (const [key, value] of Object.entries(patch)) {
    const removed = /^\$deleteFromPrimitiveList\/(?<name>.+)$/u.exec(key)?.groups?.['name'];
    if (removed !== undefined) {
      const list = result[removed];
      result[removed] =
        Array.isArray(list) && Array.isArray(value) ? list.filter((item) => !value.includes(item)) : list;
    } else if (key.startsWith('$')) {
      // `$setElementOrder` only orders what the merge gives.
    } else if (value === null) {
      delete result[key];
    } else {
      result[key] = strategic(result[key], value, key);
    }
  }
  return result;
}

function strategicList(target: readonly unknown[], patch: readonly unknown[], field: string): unknown[] {
  if (sets.has(field)) {
    return [...new Set([...target, ...patch])];
  }
  const key = mergeKeyOf(field, patch);
  if (key === undefined) {
    return patch.filter((item) => !(isRecord(item) && '$patch' in item));
  }
  if (patch.some((item) => isRecord(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !(isRecord(item) && item['$patch'] === 'replace'));
  }
  let result = [...target];
  for (const item of patch) {
    if (!isRecord(item)) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    if (item[key] === undefined) {
      throw new ApiError(
        500,
        'InternalError',
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
      );
    }
    const index = result.findIndex((one) => isRecord(one) && one[key] === item[key]);
    if (item['$patch'] === 'delete') {
      result = result.filter((_, at) => at !== index);
    } else if (index < 0) {
      result.push(strategic({}, item, ''));
    } else {
      result[index] = strategic(result[index], item, '');
    }
  }
  return result;
}

function mergeKeyOf(field: string, items: readonly unknown[]): string | undefined {
  if (field === 'ports') {
    return portKeys.find((key) => items.some((item) => isRecord(item) && key in item));
  }
  return items.every(isRecord) ? mergeKeys[field] : undefined;
}

/**
 * Server-side apply without the bookkeeping of who owns what: what the configuration names is set, lists of objects are
 * merged by their keys, what the same manager named before and names no more is removed.
 */
export function applyConfiguration(target: unknown, before: unknown, config: unknown): unknown {
  return strategicMergePatch(removeNamed(target, before, config), config);
}

function removeNamed(target: unknown, before: unknown, config: unknown): unknown {
  if (!isRecord(target) || !isRecord(before)) {
    return target;
  }
  const result: Json = { ...target };
  for (const [key, value] of Object.entries(before)) {
    const wanted = isRecord(config) ? config[key] : undefined;
    if (wanted === undefined) {
      delete result[key];
    } else if (Array.isArray(value) && Array.isArray(wanted) && Array.isArray(result[key])) {
      const id = mergeKeyOf(key, value);
      const names = new Set(wanted.map((item: unknown) => (isRecord(item) && id !== undefined ? item[id] : item)));
      const gone = new Set(
        value
          .map((item: unknown) => (isRecord(item) && id !== undefined ? item[id] : item))
          .filter((name) => !names.has(name)),
      );
      result[key] = result[key].filter(
        (item: unknown) => !gone.has(isRecord(item) && id !== undefined ? item[id] : item),
      );
    } else {
      result[key] = removeNamed(result[key], value, wanted);
    }
  }
  return result;
}

function without(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
  readonly from?: string;
}

/** RFC 6902. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) {
    throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  }
  let document: unknown = structuredClone(target);
  for (const operation of operations as Operation[]) {
    document = applyOperation(document, operation);
  }
  return document;
}

function applyOperation(document: unknown, { op, path, value, from }: Operation): unknown {
  switch (op) {
    case 'add':
      return setAt(document, path, value, true);
    case 'replace':
      valueAt(document, path);
      return setAt(document, path, value, false);
    case 'remove':
      return removeAt(document, path);
    case 'copy':
      return setAt(document, path, structuredClone(valueAt(document, from ?? '')), true);
    case 'move': {
      const moved = valueAt(document, from ?? '');
      return setAt(removeAt(document, from ?? ''), path, moved, true);
    }
    case 'test':
      if (JSON.stringify(valueAt(document, path)) !== JSON.stringify(value)) {
        throw new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request`, {});
      }
      return document;
    default:
      throw badRequest(`unexpected kind: ${op}`);
  }
}

function segments(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function missing(path: string): ApiError {
  return new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${path}`, {});
}

function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const part of segments(path)) {
    const next: unknown = Array.isArray(value) ? value[Number(part)] : isRecord(value) ? value[part] : undefined;
    if (next === undefined) {
      throw missing(path);
    }
    value = next;
  }
  return value;
}

function setAt(document: unknown, path: string, value: unknown, isInsert: boolean): unknown {
  const parts = segments(path);
  const last = parts.pop();
  if (last === undefined) {
    return value;
  }
  const parent = valueAt(
    document,
    parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
  );
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    parent.splice(index, isInsert ? 0 : 1, value);
  } else if (isRecord(parent)) {
    parent[last] = value;
  } else {
    throw missing(path);
  }
  return document;
}

function removeAt(document: unknown, path: string): unknown {
  valueAt(document, path);
  const parts = segments(path);
  const last = parts.pop() ?? '';
  const parent = valueAt(
    document,
    parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
  );
  if (Array.isArray(parent)) {
    parent.splice(Number(last), 1);
  } else if (isRecord(parent)) {
    delete parent[last];
  }
  return document;
}
