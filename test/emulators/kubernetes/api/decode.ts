import * as client from '@kubernetes/client-node';
import { type ResourceType, apiVersionOf } from '../objects/resources.ts';
import type { KubeObject } from '../objects/types.ts';
import { isRecord } from '../objects/json.ts';
import { canonicalQuantity, isQuantity } from '../objects/quantity.ts';
import { type ApiError, badRequest } from './status.ts';

/** One field of a generated model: what the vendor's client knows of the API's schema. */
interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

export interface Decoded {
  readonly object: KubeObject;
  /** `unknown field "spec.foo"`, one for each. */
  readonly unknownFields: readonly string[];
}

/** An object as the server's decoder takes it: wrong types are refused, unknown fields dropped. */
export function decode(type: ResourceType, input: unknown): Decoded {
  if (!isRecord(input)) {
    throw cannotHandle(
      type,
      `json: cannot unmarshal ${jsonKind(input)} into Go value of type ${goPackage(type)}.${type.kind}`,
    );
  }
  const { apiVersion, kind } = input;
  if (typeof kind === 'string' && kind !== '' && kind !== type.kind) {
    throw badRequest(
      `${kind} in version "${String(apiVersion)}" cannot be handled as a ${type.kind}: converting (${kind}) to (${type.kind}): unknown conversion`,
    );
  }
  if (typeof apiVersion === 'string' && apiVersion !== '' && apiVersion !== apiVersionOf(type)) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(type)})`,
    );
  }
  if (type.model === null) {
    return { object: input as KubeObject, unknownFields: [] };
  }
  const unknownFields: string[] = [];
  const object = decodeModel(type, type.model, input, [], unknownFields);
  return {
    object: object as unknown as KubeObject,
    unknownFields: unknownFields.map((path) => `unknown field "${path}"`),
  };
}

function decodeModel(
  type: ResourceType,
  model: string,
  input: Record<string, unknown>,
  path: readonly string[],
  unknown: string[],
): Record<string, unknown> {
  const attributes = attributesOf(model);
  const output: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    const attribute = attributes.get(name);
    if (attribute === undefined) {
      unknown.push([...path, name].join('.'));
    } else if (value !== null && value !== undefined) {
      output[name] = decodeValue(type, model, attribute, value, [...path, name], unknown);
    }
  }
  return output;
}

function decodeValue(
  type: ResourceType,
  model: string,
  { type: wanted, format }: Pick<Attribute, 'type' | 'format'>,
  value: unknown,
  path: readonly string[],
  unknown: string[],
): unknown {
  const fail = (goType: string): ApiError =>
    cannotHandle(
      type,
      `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${model.replace(/^(?:Core)?V\d+(?:beta\d+|alpha\d+)?/u, '')}.${path.map((part) => part.replace(/\[\d+\]$/u, '')).join('.')} of type ${goType}`,
    );
  const listOf = /^Array<(?<item>.*)>$/u.exec(wanted)?.groups?.['item'];
  if (listOf !== undefined) {
    if (!Array.isArray(value)) {
      throw fail(`[]${goName(listOf)}`);
    }
    return value.map((item, index) => {
      const last = `${path.at(-1) ?? ''}[${index}]`;
      return decodeValue(type, model, { type: listOf, format }, item, [...path.slice(0, -1), last], unknown);
    });
  }
  const mapOf = /^\{ \[key: string\]: (?<item>.*); \}$/u.exec(wanted)?.groups?.['item'];
  if (mapOf !== undefined) {
    if (!isRecord(value)) {
      throw fail(`map[string]${goName(mapOf)}`);
    }
    const isQuantities = ['requests', 'limits', 'hard', 'used', 'capacity', 'allocatable', 'overhead'].includes(
      path.at(-1) ?? '',
    );
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const given = isQuantities && typeof item === 'number' ? String(item) : item;
        if (isQuantities && typeof given === 'string' && !isQuantity(given)) {
          throw cannotHandle(
            type,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
          );
        }
        const decoded = decodeValue(type, model, { type: mapOf, format }, given, [...path, key], unknown);
        return [key, isQuantities && typeof decoded === 'string' ? canonicalQuantity(decoded) : decoded];
      }),
    );
  }
  switch (wanted) {
    case 'any':
    case 'object':
      return value;
    case 'IntOrString':
      return value;
    case 'string':
      if (typeof value === 'number' && ['sizeLimit', 'storage', 'divisor'].includes(path.at(-1) ?? '')) {
        return String(value);
      }
      if (typeof value !== 'string') {
        throw fail('string');
      }
      if (format === 'byte' && !isBase64(value)) {
        throw cannotHandle(type, `illegal base64 data at input byte ${firstBadByte(value)}`);
      }
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') {
        throw fail('bool');
      }
      return value;
    case 'number':
      if (typeof value !== 'number' || (format !== 'double' && !Number.isInteger(value))) {
        throw fail(format === 'double' ? 'float64' : format);
      }
      return value;
    case 'Date':
    case 'V1MicroTime':
      if (typeof value !== 'string') {
        throw fail('v1.Time');
      }
      return value;
    default:
      if (!isRecord(value)) {
        throw fail(goName(wanted));
      }
      return decodeModel(type, wanted, value, path, unknown);
  }
}

const attributeCache = new Map<string, ReadonlyMap<string, Attribute>>();

function attributesOf(model: string): ReadonlyMap<string, Attribute> {
  const known = attributeCache.get(model);
  if (known !== undefined) {
    return known;
  }
  const found: unknown = Reflect.get(client, model);
  if (typeof found !== 'function' || !('getAttributeTypeMap' in found)) {
    throw new Error(`The client has no model ${model}.`);
  }
  const list = (found as unknown as { getAttributeTypeMap(): Attribute[] }).getAttributeTypeMap();
  const attributes = new Map(list.map((attribute) => [attribute.baseName, attribute]));
  attributeCache.set(model, attributes);
  return attributes;
}

function cannotHandle(type: ResourceType, why: string): ApiError {
  return badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${why}`);
}

function goPackage({ version }: ResourceType): string {
  return version;
}

function goName(type: string): string {
  const plain: Readonly<Record<string, string>> = {
    string: 'string',
    number: 'int32',
    boolean: 'bool',
    any: 'interface {}',
  };
  const list = /^Array<(?<item>.*)>$/u.exec(type)?.groups?.['item'];
  return list === undefined
    ? (plain[type] ?? type.replace(/^(?:Core)?V(?<version>\d+)/u, 'v$<version>.'))
    : `[]${goName(list)}`;
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) {
    return 'array';
  }
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/u.test(text);
}

function firstBadByte(text: string): number {
  const index = text.search(/[^A-Za-z0-9+/]/u);
  return index < 0 ? text.length - (text.length % 4) : index;
}
