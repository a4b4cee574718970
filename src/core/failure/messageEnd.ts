import type { PlainLine } from './linePrefix.ts';
import { machineFailure } from './machineFailure.ts';

const LEVEL = /^\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\b/;
const OTHER_FAILURE =
  /^(?:Exception ignored |Exception in thread |Fatal Python error: |terminate called after |Error executing job with |_{3,100} )/;

/**
 * Whether something else begins at this line, below an exception whose line began as `above` tells (see PlainLine.record):
 * the record of a logger, or a failure of another kind.
 */
export function startsAnew(line: PlainLine, above: string): boolean {
  return (
    line.record !== above ||
    LEVEL.test(line.text) ||
    OTHER_FAILURE.test(line.text) ||
    machineFailure(line.text) !== null
  );
}
