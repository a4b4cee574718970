/**
 * Text as it must stand in `command`, `args` and the values of `env` to arrive unchanged: Kubernetes replaces `$(NAME)` there
 * and makes `$` of `$$`. See https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/.
 */
export function literally(text: string): string {
  return text.replaceAll(/\$(?=[$(])/gu, '$$$$');
}
