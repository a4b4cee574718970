/** A CSI sequence, an OSC up to its end, or any other escape: what a terminal does not show. */
const escape = /\u001b(?:\[[0-?]*[ -/]*[@-~]?|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~]?)/gu;

/** Text without escape sequences, and where each of its characters stood. */
export interface VisibleText {
  readonly text: string;
  /** Offset in the source of the character at an offset of `text`. */
  sourceOffset(offset: number): number;
}

/** Takes the escape sequences out of a piece of a line. */
export function visibleText(source: string): VisibleText {
  if (!source.includes('\u001b')) {
    return { text: source, sourceOffset: (offset) => offset };
  }
  /** Pairs of numbers: an offset in the text from which on so many characters have been taken out. */
  const cuts: { readonly from: number; readonly removed: number }[] = [];
  let removed = 0;
  const text = source.replace(escape, (sequence: string, offset: number) => {
    const from = offset - removed;
    removed += sequence.length;
    cuts.push({ from, removed });
    return '';
  });
  return { text, sourceOffset: (offset) => offset + (cuts.findLast(({ from }) => from <= offset)?.removed ?? 0) };
}
