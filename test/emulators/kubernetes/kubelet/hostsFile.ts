import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { pods, services } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { Pod } from '../objects/types.ts';
import { hostnameOf } from './environment.ts';

/**
 * Stands in for the cluster's DNS as far as jobs of several nodes need it: the names that a headless Service gives to its
 * pods, and its own name for the first of them. Written in place, because containers have it mounted.
 */
export function writeHosts(path: string, pod: Pod, store: Store): void {
  const lines = ['127.0.0.1\tlocalhost', '::1\tlocalhost'];
  if (pod.status.podIP !== undefined) {
    lines.push(`${pod.status.podIP}\t${hostnameOf(pod)}`);
  }
  const namespace = pod.metadata.namespace ?? '';
  const peers = store.list(pods, namespace).filter(({ status }) => status.podIP !== undefined);
  for (const service of store.list(services, namespace)) {
    const { clusterIP, selector, publishNotReadyAddresses } = service.spec;
    if (clusterIP !== 'None' || selector === undefined) {
      continue;
    }
    const name = service.metadata.name;
    const members = peers.filter(
      ({ metadata, status }) =>
        Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value) &&
        status.phase !== 'Succeeded' &&
        status.phase !== 'Failed' &&
        (publishNotReadyAddresses === true ||
          status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true),
    );
    for (const { spec, status } of members) {
      const address = status.podIP ?? '';
      if (spec.hostname !== undefined && spec.subdomain === name) {
        lines.push(`${address}\t${fullNames(`${spec.hostname}.${name}`, namespace).join(' ')}`);
      }
      lines.push(`${address}\t${fullNames(name, namespace).join(' ')}`);
    }
  }
  const text = Buffer.from(`${lines.join('\n')}\n`);
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'a+');
  closeSync(fd);
  const inPlace = openSync(path, 'r+');
  writeSync(inPlace, text, 0, text.length, 0);
  ftruncateSync(inPlace, text.length);
  closeSync(inPlace);
}

function fullNames(name: string, namespace: string): string[] {
  return [`${name}.${namespace}.svc.cluster.local`, `${name}.${namespace}.svc`, `${name}.${namespace}`, name];
}
