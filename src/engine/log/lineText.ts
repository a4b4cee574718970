/** What is shown of a line. */
export interface LineText {
  readonly text: string;
  readonly cutBytes: number;
  readonly rewrites: number;
}

const carriageReturn = 13;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Of a longer line only the beginning is shown, in bytes. */
export const shownBytes = 10_000;

/**
 * The last version of a line that rewrote itself with carriage returns, cut to `limit` bytes. `bytes` is a whole line without its
 * line feed; a carriage return at its end belongs to that.
 */
export function lineText(bytes: Uint8Array, limit = shownBytes): LineText {
  const end = endOfText(bytes);
  const start = end === 0 ? 0 : bytes.lastIndexOf(carriageReturn, end - 1) + 1;
  const shown = cutBetweenCharacters(bytes.subarray(start, end), limit);
  return {
    text: decoder.decode(shown),
    cutBytes: end - start - shown.byteLength,
    rewrites: versionsBefore(bytes, start),
  };
}

/** Every version of a line, in order, each on a line of its own. */
export function allVersions(bytes: Uint8Array, limit: number): { readonly text: string; readonly cutBytes: number } {
  const shown = cutBetweenCharacters(bytes.subarray(0, endOfText(bytes)), limit);
  return {
    text: decoder.decode(shown).replaceAll(/\r+/gu, '\n'),
    cutBytes: endOfText(bytes) - shown.byteLength,
  };
}

/** The versions at the end of a line whose beginning is missing, without the one that began before; null when that is all there is. */
export function newestVersions(bytes: Uint8Array): { readonly text: string; readonly cutBytes: number } | null {
  const end = endOfText(bytes);
  const first = bytes.indexOf(carriageReturn) + 1;
  return first === 0 || first >= end
    ? null
    : { ...allVersions(bytes.subarray(first), bytes.byteLength), cutBytes: first };
}

function endOfText(bytes: Uint8Array): number {
  let end = bytes.byteLength;
  while (end > 0 && bytes[end - 1] === carriageReturn) {
    end -= 1;
  }
  return end;
}

/** A run of carriage returns separates two versions once; the first version may be empty, as bars begin with one. */
function versionsBefore(bytes: Uint8Array, start: number): number {
  let versions = 0;
  let from = 0;
  for (let at = bytes.indexOf(carriageReturn); at !== -1 && at < start; at = bytes.indexOf(carriageReturn, at + 1)) {
    versions += at > from ? 1 : 0;
    from = at + 1;
  }
  return versions;
}

function cutBetweenCharacters(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.byteLength <= limit) {
    return bytes;
  }
  let end = limit;
  while (end > limit - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return bytes.subarray(0, end);
}
