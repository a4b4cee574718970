import { stringify } from 'yaml';
import type { Json } from '../../../core/provider.ts';
import { shellNotice } from '../../../core/shellNotice.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import { type Owner, ownerOf } from '../claims.ts';
import { codeSecretName } from '../names.ts';
import type { ClusterSettings } from '../settings.ts';

/** Manifests as people of Kubernetes write them, one document each. */
export function asYaml(manifests: readonly Json[]): string {
  return manifests.map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}

export interface ByHand {
  readonly snapshotId: string;
  readonly kind: Owner['kind'];
  readonly name: string;
  readonly job: Json;
  readonly service: Json | null;
  /** A submission would keep the pods until results were fetched. */
  readonly hasOutputs: boolean;
}

/**
 * A command that makes the same job by hand, whose deletion takes along what it needs beside it. Without the code in the namespace it
 * ends before it makes one.
 */
export function commandText(
  { snapshotId, kind, name, job, service, hasOutputs }: ByHand,
  { kubeconfig, context, namespace }: ClusterSettings,
): string {
  const cluster = Object.entries({ ...(kubeconfig === undefined ? {} : { kubeconfig }), context, namespace })
    .map(([option, value]) => `--${option}=${shellQuote(value)}`)
    .join(' ');
  const code = `secret ${codeSecretName(snapshotId)}`;
  const patch = { metadata: { ownerReferences: [ownerOf(kind, { name, uid: '@uid@' })] } };
  const owned = [code, ...(service === null ? [] : [`service ${name}`])];
  const notice = hasOutputs
    ? shellNotice('Its result files are lost when it ends: nothing keeps them unless its command sends them elsewhere.')
    : '';
  return [
    `${notice}kubectl ${cluster} get ${code} --output=name &&`,
    `kubectl ${cluster} create --filename=- <<'MANIFESTS' &&`,
    `${asYaml(service === null ? [job] : [job, service])}MANIFESTS`,
    `uid=$(kubectl ${cluster} get ${kind.toLowerCase()} ${name} --output='jsonpath={.metadata.uid}') &&`,
    owned
      .map(
        (each) => `kubectl ${cluster} patch ${each} --patch="$(echo '${JSON.stringify(patch)}' | sed "s/@uid@/$uid/")"`,
      )
      .join(' &&\n'),
    '',
  ].join('\n');
}
