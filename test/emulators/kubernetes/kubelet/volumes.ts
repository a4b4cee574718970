import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ClusterClock } from '../clock.ts';
import { claims, configMaps, secrets } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { Container, KeyToPath, Pod, Volume } from '../objects/types.ts';
import { fieldValue } from './environment.ts';
import type { Mount } from '../../containers/sandbox.ts';

/** A volume that cannot be set up yet; the kubelet says so and tries again. */
export class VolumeError extends Error {}

export interface VolumeFolders {
  /** Of the pod. */
  readonly pod: string;
  /** Where claims are kept, beyond the life of a pod. */
  readonly claims: string;
}

/** Sets up all volumes of a pod; returns where each is on this machine. */
export function makeVolumes(pod: Pod, store: Store, clock: ClusterClock, folders: VolumeFolders): Map<string, string> {
  return new Map(
    (pod.spec.volumes ?? []).map((volume) => {
      const folder = join(folders.pod, 'volumes', volume.name);
      return [volume.name, makeVolume(pod, volume, folder, store, clock, folders.claims)];
    }),
  );
}

function makeVolume(
  pod: Pod,
  volume: Volume,
  folder: string,
  store: Store,
  clock: ClusterClock,
  claimFolder: string,
): string {
  const namespace = pod.metadata.namespace ?? '';
  if (volume.persistentVolumeClaim !== undefined) {
    const { claimName } = volume.persistentVolumeClaim;
    if (store.get(claims, namespace, claimName) === undefined) {
      throw new VolumeError(`persistentvolumeclaim "${claimName}" not found`);
    }
    const kept = join(claimFolder, namespace, claimName);
    mkdirSync(kept, { recursive: true });
    chmodSync(kept, 0o777);
    return kept;
  }
  if (volume.hostPath !== undefined) {
    throw new VolumeError('hostPath volumes are not emulated: no container may see this machine');
  }
  const files = volumeFiles(pod, volume, store);
  if (files === null) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
  } else {
    writeAtomically(folder, files, clock);
  }
  return folder;
}

type Files = Map<string, Buffer>;

/** What a volume that shows objects has in it; null for one that begins empty. */
function volumeFiles(pod: Pod, volume: Volume, store: Store): Files | null {
  const namespace = pod.metadata.namespace ?? '';
  const fail = (why: string): never => {
    throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${why}`);
  };
  const fromSecret = (name = '', items?: KeyToPath[], optional = false): Files => {
    const data = store.get(secrets, namespace, name)?.data;
    const isThere = store.get(secrets, namespace, name) !== undefined;
    return isThere || optional
      ? chosen(
          new Map(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')])),
          items,
          fail,
          optional,
        )
      : fail(`secret "${name}" not found`);
  };
  const fromConfigMap = (name = '', items?: KeyToPath[], optional = false): Files => {
    const map = store.get(configMaps, namespace, name);
    return map !== undefined || optional
      ? chosen(
          new Map([
            ...Object.entries(map?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const),
            ...Object.entries(map?.binaryData ?? {}).map(
              ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
            ),
          ]),
          items,
          fail,
          optional,
        )
      : fail(`configmap "${name}" not found`);
  };
  const fromFields = (items: { path: string; fieldRef?: { fieldPath: string } }[] = []): Files =>
    new Map(items.map(({ path, fieldRef }) => [path, Buffer.from(fieldValue(pod, fieldRef?.fieldPath ?? ''))]));
  if (volume.secret !== undefined) {
    return fromSecret(volume.secret.secretName, volume.secret.items, volume.secret.optional);
  }
  if (volume.configMap !== undefined) {
    const { name } = volume.configMap as { name?: string };
    return fromConfigMap(name, volume.configMap.items, volume.configMap.optional);
  }
  if (volume.downwardAPI !== undefined) {
    return fromFields(volume.downwardAPI.items);
  }
  if (volume.projected !== undefined) {
    const sources = volume.projected.sources ?? [];
    return new Map(
      sources.flatMap(({ secret, configMap, downwardAPI, serviceAccountToken }) => [
        ...(serviceAccountToken === undefined
          ? []
          : [[serviceAccountToken.path, Buffer.from(`token-of-${pod.metadata.uid}`)] as const]),
        ...(secret === undefined ? [] : fromSecret(secret.name, secret.items, secret.optional)),
        ...(configMap === undefined ? [] : fromConfigMap(configMap.name, configMap.items, configMap.optional)),
        ...(downwardAPI === undefined ? [] : fromFields(downwardAPI.items)),
      ]),
    );
  }
  return null;
}

function chosen(all: Files, items: KeyToPath[] | undefined, fail: (why: string) => never, optional: boolean): Files {
  if (items === undefined) {
    return all;
  }
  const files: Files = new Map();
  for (const { key, path } of items) {
    const bytes = all.get(key);
    if (bytes !== undefined) {
      files.set(path, bytes);
    } else if (!optional) {
      fail(`references non-existent secret key: ${key}`);
    }
  }
  return files;
}

/** The layout of the real kubelet: a dated folder, `..data` that points to it, and a link for each name. */
function writeAtomically(folder: string, files: Files, clock: ClusterClock): void {
  rmSync(folder, { recursive: true, force: true });
  const dated = `..${new Date(clock.now()).toISOString().replaceAll(/[-:T]/gu, '_').replace('Z', '')}`;
  mkdirSync(join(folder, dated), { recursive: true });
  for (const [path, bytes] of files) {
    const file = join(folder, dated, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes, { mode: 0o644 });
  }
  symlinkSync(dated, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  for (const name of new Set([...files.keys()].map((path) => path.split('/')[0] ?? path))) {
    symlinkSync(join('..data', name), join(folder, name));
  }
}

/** Where a container sees them. */
export function mountsOf(container: Container, volumes: ReadonlyMap<string, string>, pod: Pod): Mount[] {
  const readOnly = new Set(
    (pod.spec.volumes ?? [])
      .filter(({ secret, configMap, downwardAPI, projected }) => secret ?? configMap ?? downwardAPI ?? projected)
      .map(({ name }) => name),
  );
  return (container.volumeMounts ?? [])
    .toSorted((a, b) => a.mountPath.length - b.mountPath.length)
    .map((mount) => {
      const folder = volumes.get(mount.name) ?? '';
      const source = mount.subPath === undefined ? folder : join(folder, mount.subPath);
      if (!existsSync(source)) {
        mkdirSync(source, { recursive: true });
      }
      return {
        source,
        isFile: statSync(source).isFile(),
        mount: { ...mount, readOnly: mount.readOnly === true || readOnly.has(mount.name) },
      };
    });
}
