import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, Context, User } from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { ProviderError } from '../../../core/providerError.ts';

/** One context of a kubeconfig with what it refers to. Paths in it are absolute. */
export interface KubeContext {
  readonly name: string;
  readonly cluster: Cluster;
  readonly user: User;
  /** Where the token is read anew now and then; null when it is not in a file. */
  readonly tokenFile: string | null;
  readonly namespace: string | null;
}

export interface Kubeconfig {
  readonly contexts: readonly KubeContext[];
  readonly current: string | null;
}

/** The files that kubectl would read, in its order: $KUBECONFIG, else ~/.kube/config. */
export function usualPaths(environment: Readonly<Record<string, string | undefined>> = process.env): readonly string[] {
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')];
}

/**
 * Reads kubeconfigs as kubectl does: files that are not there are left out, of two entries with one name the first counts, and
 * relative paths start from the folder of their file. Throws `invalid` for a file that cannot be read as a kubeconfig, and
 * `notFound` when none of them is there.
 */
export async function loadKubeconfig(paths: readonly string[]): Promise<Kubeconfig> {
  const merged = new KubeConfig();
  const tokenFiles = new Map<string, string>();
  let found = 0;
  for (const path of paths) {
    const text = await readOrNull(path);
    if (text === null) {
      continue;
    }
    found += 1;
    const one = parseOne(path, text);
    for (const user of one.config.users) {
      if (merged.getUsers().some(({ name }) => name === user.name)) {
        continue;
      }
      merged.addUser(user);
      const tokenFile = one.tokenFiles.get(user.name);
      if (tokenFile !== undefined) {
        tokenFiles.set(user.name, tokenFile);
      }
    }
    for (const cluster of one.config.clusters) {
      if (merged.getCluster(cluster.name) === null) {
        merged.addCluster(cluster);
      }
    }
    for (const context of one.config.contexts) {
      if (merged.getContextObject(context.name) === null) {
        merged.addContext(context);
      }
    }
    if (!merged.currentContext && one.config.currentContext) {
      merged.setCurrentContext(one.config.currentContext);
    }
  }
  if (found === 0) {
    throw new ProviderError('notFound', `There is no kubeconfig at ${paths.join(' or ')}.`, {
      remedy: 'Give the path of the file that your cluster or its administrator gave you.',
    });
  }
  return {
    contexts: merged.contexts.flatMap((context) => resolve(merged, context, tokenFiles)),
    current: merged.currentContext || null,
  };
}

/** A context whose cluster is not there is of no use; one without a user goes in as nobody. */
function resolve(merged: KubeConfig, context: Context, tokenFiles: ReadonlyMap<string, string>): KubeContext[] {
  const cluster = merged.getCluster(context.cluster);
  const user = context.user ? merged.getUser(context.user) : null;
  return cluster === null
    ? []
    : [
        {
          name: context.name,
          cluster,
          user: user ?? { name: '' },
          tokenFile: tokenFiles.get(context.user) ?? null,
          namespace: context.namespace ?? null,
        },
      ];
}

/** `tokenFile` is what Kubernetes calls the field; the client library only knows another spelling. */
const tokenFileUsers = z.object({
  users: z.optional(
    z.nullable(
      z.array(
        z.object({
          name: z.string(),
          user: z.optional(z.nullable(z.object({ tokenFile: z.optional(z.string()) }))),
        }),
      ),
    ),
  ),
});

function parseOne(
  path: string,
  text: string,
): { readonly config: KubeConfig; readonly tokenFiles: ReadonlyMap<string, string> } {
  const config = new KubeConfig();
  try {
    // An empty file, as `touch` makes it, is a kubeconfig with nothing in it.
    config.loadFromString(text.trim() === '' ? '{}' : text);
    config.makePathsAbsolute(dirname(path));
    config.users = config.users.map((user) => withPluginFrom(dirname(path), user));
    const users = z.safeParse(tokenFileUsers, parse(text)).data?.users ?? [];
    return {
      config,
      tokenFiles: new Map(
        users.flatMap(({ name, user }) => {
          const file = user?.tokenFile;
          return file === undefined ? [] : [[name, isAbsolute(file) ? file : join(dirname(path), file)]];
        }),
      ),
    };
  } catch (error) {
    const raw = error instanceof Error ? error.message : String(error);
    throw new ProviderError('invalid', `${path} is no kubeconfig that can be read.`, {
      raw,
      remedy: 'Check the file: `kubectl config view` shows what is wrong with it.',
      cause: error,
    });
  }
}

const pluginSchema = z.looseObject({ command: z.string() });

/** The name of a plugin is looked for on the PATH; a relative path starts from the folder of its file, as others do. */
function withPluginFrom(folder: string, user: User): User {
  const exec = z.safeParse(pluginSchema, user.exec).data;
  return exec === undefined || isAbsolute(exec.command) || basename(exec.command) === exec.command
    ? user
    : { ...user, exec: { ...exec, command: join(folder, exec.command) } };
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return null;
    }
    const raw = error instanceof Error ? error.message : String(error);
    throw new ProviderError('invalid', `The kubeconfig ${path} cannot be read.`, { raw, cause: error });
  }
}
