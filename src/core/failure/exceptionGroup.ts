/**
 * The margin that CPython draws left of an exception group: `|` before the group's own text and that of its members, each
 * two columns deeper than the group it is in, and rules between the members.
 */
export interface GroupLine {
  readonly kind: 'header' | 'text' | 'firstMember' | 'nextMember' | 'end';
  /** Of the `|` or `+`. */
  readonly column: number;
  readonly text: string;
  /** Where `text` begins in the line. */
  readonly offset: number;
}

const MARGIN = /^ {2,44}(?=[|+])/;
const HEADER = 'Exception Group Traceback (most recent call last):';

export function groupLine(line: string): GroupLine | null {
  const column = MARGIN.exec(line)?.[0].length;
  if (column === undefined) return null;
  const text = line.slice(column + 2);
  if (line.charAt(column) === '|') {
    return line.charAt(column + 1) === ' ' || text === '' ? { kind: 'text', column, text, offset: column + 2 } : null;
  }
  const kind = ruleKind(line.slice(column).trimEnd());
  return kind === null ? null : { kind, column, text, offset: column + 2 };
}

function ruleKind(rule: string): GroupLine['kind'] | null {
  if (rule === `+ ${HEADER}`) return 'header';
  if (/^\+-\+-{4,40} (?:\d{1,6}|\.{3}) -{4,40}$/.test(rule)) return 'firstMember';
  if (/^\+-{4,40} (?:\d{1,6}|\.{3}) -{4,40}$/.test(rule)) return 'nextMember';
  return /^\+-{8,100}$/.test(rule) ? 'end' : null;
}
