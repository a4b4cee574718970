import { isRecord } from '../objects/json.ts';
import { notAcceptable } from './status.ts';

/** How a client wants objects: whole, or their metadata alone. */
export type Representation = 'whole' | 'metadata';

/** Chooses by the `Accept` header; throws 406 where nothing in it is served. Tables are not: clients have JSON as their second choice. */
export function representationOf(accept: string | undefined): Representation {
  for (const choice of (accept ?? '*/*').split(',')) {
    const [media = '', ...parameters] = choice.split(';').map((part) => part.trim());
    const given = new Map(parameters.map((parameter) => parameter.split('=') as [string, string]));
    const isJson = ['application/json', 'application/*', '*/*', 'text/plain'].includes(media);
    const wanted = given.get('as');
    if (isJson && wanted === undefined) {
      return 'whole';
    }
    const isMetadata = wanted === 'PartialObjectMetadata' || wanted === 'PartialObjectMetadataList';
    if (isJson && isMetadata && given.get('g') === 'meta.k8s.io' && given.get('v') === 'v1') {
      return 'metadata';
    }
  }
  throw notAcceptable();
}

/** An object, a list or a watch event in that representation. */
export function represent(body: unknown, representation: Representation): unknown {
  if (representation === 'whole' || !isRecord(body) || body['kind'] === 'Status') {
    return body;
  }
  if (Array.isArray(body['items'])) {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: body['metadata'],
      items: body['items'].map(metadataOf),
    };
  }
  if (typeof body['type'] === 'string' && 'object' in body) {
    return { type: body['type'], object: represent(body['object'], representation) };
  }
  return metadataOf(body);
}

function metadataOf(object: unknown): object {
  const metadata = isRecord(object) ? object['metadata'] : {};
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}
