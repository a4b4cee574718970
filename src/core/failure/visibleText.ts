const ESCAPE =
  /\u001b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]?|\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)?|[ -/]{0,8}[0-Z\\^-~]?)/g;

/** The text as a terminal shows it: no escape sequences, nor the carriage return of a line that ended in CRLF. */
export function visibleText(text: string): string {
  const plain = text.includes('\u001b') ? text.replace(ESCAPE, '') : text;
  let end = plain.length;
  while (plain.charCodeAt(end - 1) === 13) end -= 1;
  return end === plain.length ? plain : plain.slice(0, end);
}
