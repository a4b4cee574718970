import { isRecord } from '../objects/json.ts';
import { ApiError, badRequest } from './status.ts';

type Json = Record<string, unknown>;

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

/** The field that tells the objects of a list apart; undefined where they are not merged. */
export function mergeKeyOf(field: string, items: readonly unknown[]): string | undefined {
  if (field === 'ports') {
    return portKeys.find((key) => items.some((item) => isRecord(item) && key in item));
  }
  return items.every(isRecord) ? mergeKeys[field] : undefined;
}

function without(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
