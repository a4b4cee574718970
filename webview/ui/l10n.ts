let strings: Readonly<Record<string, unknown>> | undefined;

function load(): Readonly<Record<string, unknown>> {
  const encoded = document.body.dataset['strings'] ?? '';
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const parsed: unknown = bytes.length === 0 ? {} : JSON.parse(new TextDecoder().decode(bytes));
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

/** The text in the person's language; `{0}` and so on are replaced by the arguments. The English text is the key. */
export function t(message: string, ...args: readonly (string | number)[]): string {
  strings ??= load();
  const found = strings[message];
  const text = typeof found === 'string' ? found : message;
  return text.replaceAll(/\{(\d+)\}/gu, (placeholder, index: string) => String(args[Number(index)] ?? placeholder));
}
