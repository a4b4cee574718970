/** Splits a stream of bytes at line feeds. A last line without one comes too. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      from = at + 1;
    }
    if (from < chunk.length) {
      parts.push(chunk.subarray(from));
    }
  }
  if (parts.length > 0) {
    yield Buffer.concat(parts).toString('utf8');
  }
}
