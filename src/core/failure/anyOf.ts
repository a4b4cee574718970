/** Finds any of the words as they are. */
export function anyOf(words: readonly string[]): RegExp {
  return new RegExp(words.map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'));
}
