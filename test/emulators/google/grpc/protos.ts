import { createRequire } from 'node:module';
import { type MethodDefinition, type ServiceDefinition, fromJSON } from '@grpc/proto-loader';

export type GrpcMethod = MethodDefinition<object, object>;

interface Namespace {
  readonly nested?: Readonly<Record<string, Namespace>>;
}

const load = createRequire(import.meta.url);

/** A service as the vendor's own package describes it. */
export function serviceOf(packageName: string, service: string): Readonly<Record<string, GrpcMethod>> {
  const json = load(`${packageName}/build/protos/protos.json`) as Namespace;
  const options = { keepCase: false, longs: String, enums: String, defaults: true, oneofs: true };
  const definitions = fromJSON(withoutBeta(json), options);
  return definitions[service] as ServiceDefinition;
}

/** The versions that are not emulated are half of the whole, and it takes seconds to make something of them. */
function withoutBeta(namespace: Namespace): Namespace {
  if (namespace.nested === undefined) {
    return namespace;
  }
  const nested = Object.entries(namespace.nested)
    .filter(([name]) => name !== 'v1beta1')
    .map(([name, inner]) => [name, withoutBeta(inner)] as const);
  return { ...namespace, nested: Object.fromEntries(nested) };
}
