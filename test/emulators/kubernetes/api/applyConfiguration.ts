import { isRecord } from '../objects/json.ts';
import { mergeKeyOf, strategicMergePatch } from './mergePatch.ts';

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
  const result: Record<string, unknown> = { ...target };
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
