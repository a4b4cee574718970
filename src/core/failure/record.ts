import type { PlainLine } from './linePrefix.ts';

const LEVEL = /^\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\b/;

/** Whether a logger began a new record here, below lines that began as `above` tells (see PlainLine.record). */
export function startsRecord(line: PlainLine, above: string): boolean {
  return line.record !== above || LEVEL.test(line.text);
}
