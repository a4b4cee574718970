import { configMaps, secrets } from '../objects/resources.ts';
import { quantity } from '../objects/quantity.ts';
import type { Store } from '../objects/store.ts';
import type { Container, EnvVar, Pod } from '../objects/types.ts';

/** Why a container's configuration cannot be made: CreateContainerConfigError. */
export class ConfigError extends Error {}

/** The environment of a container, with references resolved as the kubelet does. */
export function environmentOf(
  pod: Pod,
  container: Container,
  store: Store,
  serviceHost: string,
  servicePort: number,
): Record<string, string> {
  const namespace = pod.metadata.namespace ?? '';
  const env: Record<string, string> = {
    KUBERNETES_SERVICE_HOST: serviceHost,
    KUBERNETES_SERVICE_PORT: String(servicePort),
    KUBERNETES_SERVICE_PORT_HTTPS: String(servicePort),
    HOSTNAME: hostnameOf(pod),
    HOME: '/root',
  };
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    if (secretRef !== undefined) {
      const secret = store.get(secrets, namespace, secretRef.name ?? '');
      if (secret === undefined && secretRef.optional !== true) {
        throw new ConfigError(`secret "${secretRef.name ?? ''}" not found`);
      }
      for (const [key, value] of Object.entries(secret?.data ?? {})) {
        env[`${prefix}${key}`] = Buffer.from(value, 'base64').toString();
      }
    }
    if (configMapRef !== undefined) {
      const map = store.get(configMaps, namespace, configMapRef.name ?? '');
      if (map === undefined && configMapRef.optional !== true) {
        throw new ConfigError(`configmap "${configMapRef.name ?? ''}" not found`);
      }
      for (const [key, value] of Object.entries(map?.data ?? {})) {
        env[`${prefix}${key}`] = value;
      }
    }
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(pod, container, variable, store, env);
    if (value !== undefined) {
      env[variable.name] = value;
    }
  }
  return env;
}

function valueOf(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  store: Store,
  env: Record<string, string>,
): string | undefined {
  const namespace = pod.metadata.namespace ?? '';
  const from = variable.valueFrom;
  if (from === undefined) {
    return expand(variable.value ?? '', env);
  }
  if (from.fieldRef !== undefined) {
    return fieldValue(pod, from.fieldRef.fieldPath);
  }
  if (from.secretKeyRef !== undefined) {
    const { name = '', key, optional } = from.secretKeyRef;
    const secret = store.get(secrets, namespace, name);
    const value = secret?.data?.[key];
    if (value === undefined && optional !== true) {
      throw new ConfigError(
        secret === undefined ? `secret "${name}" not found` : `couldn't find key ${key} in Secret ${namespace}/${name}`,
      );
    }
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  }
  if (from.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = from.configMapKeyRef;
    const map = store.get(configMaps, namespace, name);
    const value = map?.data?.[key];
    if (value === undefined && optional !== true) {
      throw new ConfigError(
        map === undefined
          ? `configmap "${name}" not found`
          : `couldn't find key ${key} in ConfigMap ${namespace}/${name}`,
      );
    }
    return value;
  }
  const [kind = '', ...resource] = (from.resourceFieldRef?.resource ?? '').split('.');
  const amounts = kind === 'limits' ? container.resources?.limits : container.resources?.requests;
  return String(Math.ceil(quantity(amounts?.[resource.join('.')])));
}

/** `$(NAME)` becomes the variable's value where there is one; `$$` is a dollar sign. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\$|\((?<name>[^)]*)\))/gu, (whole: string, name: string | undefined) =>
    whole === '$$' ? '$' : (env[name ?? ''] ?? whole),
  );
}

/** What the downward API gives for a field path. */
export function fieldValue(pod: Pod, path: string): string {
  const keyed = /^metadata\.(?<map>labels|annotations)\['(?<key>[^']+)'\]$/u.exec(path)?.groups;
  if (keyed !== undefined) {
    const map = keyed['map'] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[keyed['key'] ?? ''] ?? '';
  }
  const asText = (map: Record<string, string> | undefined): string =>
    Object.entries(map ?? {})
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join('\n');
  const values: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'metadata.labels': asText(pod.metadata.labels),
    'metadata.annotations': asText(pod.metadata.annotations),
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': pod.status.podIP,
    'status.podIPs': pod.status.podIP,
    'status.hostIP': pod.status.hostIP,
    'status.hostIPs': pod.status.hostIP,
  };
  return values[path] ?? '';
}

export function hostnameOf(pod: Pod): string {
  return (pod.spec.hostname ?? pod.metadata.name).slice(0, 63);
}
