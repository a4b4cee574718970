let strings: Readonly<Record<string, string>> = {};

/** Takes over VS Code's translations; the English text is the key. */
export function useStrings(bundle: Readonly<Record<string, string>> | undefined): void {
  strings = bundle ?? {};
}

/** What `vscode.l10n.t` does, for the files that know nothing of VS Code. */
export function t(message: string, ...args: readonly (string | number)[]): string {
  const text = Object.hasOwn(strings, message) ? (strings[message] ?? message) : message;
  return text.replaceAll(/\{(\d+)\}/gu, (placeholder, index: string) => String(args[Number(index)] ?? placeholder));
}
