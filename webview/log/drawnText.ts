/** Controls, and what turns the direction of text around or takes no room: a line, or a link, could pose as another with it. */
export const unseenCharacters = String.raw`\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff`;
const unseen = new RegExp(`[${unseenCharacters}]`, 'u');
const pieces = new RegExp(`([${unseenCharacters}\ufffd])`, 'u');

export function hasUnseen(text: string): boolean {
  return unseen.test(text);
}

export interface DrawnText {
  readonly text: string;
  /** What is drawn instead of a character that has no look of its own; null for plain text. */
  readonly sign: string | null;
}

/** Text in pieces, so that every character can be seen: controls as `␀`, those without a sign as `<U+202E>`. Tabs stay. */
export function drawnText(text: string): readonly DrawnText[] {
  return text
    .split(pieces)
    .map((piece, index) => ({ text: piece, sign: index % 2 === 1 ? signOf(piece) : null }))
    .filter((piece) => piece.text !== '');
}

function signOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(0x24_00 + code);
  }
  if (code === 0x7f) {
    return '\u2421';
  }
  return code === 0xff_fd ? character : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
