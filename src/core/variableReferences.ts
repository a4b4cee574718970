/**
 * Text as it must stand where `$(NAME)` is replaced and `$$` becomes `$`, to arrive unchanged. So do Kubernetes in `command`, `args`
 * and the values of `env`, and Vertex AI in `ContainerSpec.env`. See
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ and `EnvVar` of
 * https://cloud.google.com/vertex-ai/docs/reference/rest/v1/EnvVar.
 */
export function escapeReferences(text: string): string {
  return text.replaceAll(/\$(?=[$(])/gu, '$$$$');
}
