import { isRecord } from '../objects/json.ts';
import { ApiError, badRequest } from './status.ts';

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
