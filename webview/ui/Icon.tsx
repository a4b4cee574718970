/** A codicon; decoration only, so it is hidden from screen readers. */
export function Icon({ name, tint }: { readonly name: string; readonly tint?: string | undefined }) {
  return <span class={`codicon codicon-${name}${tint === undefined ? '' : ` tint-${tint}`}`} aria-hidden="true" />;
}
