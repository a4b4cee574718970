/** A command of a shell that reads the text as it is, whatever it holds. `end`: the word that ends it, made longer where the text has it. */
export function hereDocument(command: string, end: string, text: string): string {
  const lines = text.split('\n');
  let mark = end;
  while (lines.includes(mark)) {
    mark = `${mark}_`;
  }
  return `${command} <<'${mark}'\n${text}\n${mark}`;
}
