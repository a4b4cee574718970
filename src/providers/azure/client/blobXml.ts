/**
 * The little XML that storage answers with (List Blobs, errors): elements without attributes that matter, never nested in one of
 * their own name.
 */

/** What is inside each element of that name. */
export function elements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'gu'))].map(
    ([, inside = '']) => inside,
  );
}

/** Text of the first element of that name; empty where there is none. */
export function textOf(xml: string, name: string): string {
  return unescaped(elements(xml, name)[0] ?? '');
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/giu, (whole, hex, decimal, name) => {
    if (typeof name === 'string') {
      return entities[name] ?? whole;
    }
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}
