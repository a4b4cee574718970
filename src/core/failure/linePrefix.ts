/** A line of the log without what launchers and loggers put before it. */
export interface PlainLine {
  /** The caller's number of the line. */
  readonly number: number;
  /** What the program itself wrote, or what is left of it. */
  readonly text: string;
  /** Where `text` begins in the visible line. */
  readonly column: number;
  /** Of the process that wrote it; null when the line does not say. */
  readonly rank: number | null;
  /** The same for all lines of one process, as far as prefixes tell processes apart. */
  readonly lane: string;
  /** What a logger wrote before the text: lines of one record differ from the start of the next in it. */
  readonly record: string;
  /** The level that the logger's prefix gives. */
  readonly level: 'error' | 'warning' | null;
}

interface Prefix {
  readonly pattern: RegExp;
  /** `lane` tells processes apart, the others begin the record of a logger. */
  readonly kind: 'lane' | 'time' | 'absl';
  readonly rank?: 'global' | 'local';
}

/** Each is anchored and has no two neighbours that could match the same letters, so that a hostile line costs no more than a plain one. */
const prefixes: readonly Prefix[] = [
  { kind: 'lane', rank: 'global', pattern: /^\[rank:? ?(\d{1,6})\](?:: ?| )/ },
  { kind: 'lane', rank: 'global', pattern: /^rank ?(\d{1,6})(?:: ?| (?![ =:]))/ },
  { kind: 'lane', rank: 'local', pattern: /^\[(?!rank)[a-z_]{2,30}(\d{1,6})\]:/ },
  { kind: 'lane', rank: 'global', pattern: /^ {0,3}(\d{1,6}):(?: |$)/ },
  { kind: 'lane', pattern: /^\((?:[A-Za-z_][\w.<>]{0,100} )?pid=\d{1,10}(?:, ip=[\w.:]{1,64})?\) ?/ },
  { kind: 'lane', pattern: /^\[pod\/[\w.-]{1,300}\/[\w.-]{1,100}\] / },
  { kind: 'lane', pattern: /^(?!slurmstepd)(?=[a-z.-]*\d)[a-z0-9][a-z0-9.-]{1,80}: (?!\d+\.?\d*(?:\s|$))/ },
  { kind: 'lane', pattern: /^(?:ERROR|WARNING|INFO|DEBUG|CRITICAL)\t[\d :.+-]{10,40}\t([\w.-]{1,80})\t[^\t]{0,40}\t/ },
  {
    kind: 'time',
    pattern: /^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?(?:[ \t]|$)/,
  },
  { kind: 'time', pattern: /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?[ \t]/ },
  { kind: 'time', pattern: /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,64} [\w./-]{1,64}(?:\[\d{1,10}\])?: / },
  { kind: 'absl', pattern: /^[IWEFV]\d{4,8} \d\d:\d\d:\d\d(?:\.\d{1,9})? +(?:\d{1,20} )?[^\s\]]{1,200}:\d{1,6}\] ?/ },
  { kind: 'absl', pattern: /^\[[IWEF]\d{0,8} (?:\d\d:\d\d:\d\d(?:\.\d{1,9})? )?[\w./-]{1,200}:\d{1,6}\] ?/ },
];

const ARTIFACT = /^(?:\[\d{1,4}\/\d{1,4}(?:_\d{1,4})?\] |\[__\w{1,40}\] ){1,2}/;
const REPEATED = / \[repeated \d+x across cluster\]/;

/** More of a line is never looked at: no prefix, frame or message worth showing is longer. */
const LONGEST = 4096;

/** Takes a visible line (see visibleText) apart. */
export function withoutPrefix(visible: string, number: number): PlainLine {
  let text = visible.length > LONGEST ? visible.slice(0, LONGEST) : visible;
  const length = text.length;
  let lane = '';
  let record = '';
  let rank: number | null = null;
  let rankKind: Prefix['rank'];
  let level: PlainLine['level'] = null;
  for (let left = 4; left > 0; left -= 1) {
    const found = leadingPrefix(text);
    if (found === null) break;
    const [whole, digits] = found.match;
    if (found.prefix.kind === 'lane') {
      lane += digits === undefined ? whole : `${found.prefix.rank ?? ''}${digits},`;
    } else {
      record += found.prefix.kind;
      if (found.prefix.kind === 'absl') level ??= abslLevel(whole);
    }
    if (found.prefix.rank !== undefined && rankKind !== 'global') {
      rank = Number(digits);
      rankKind = found.prefix.rank;
    }
    text = text.slice(whole.length);
  }
  const artifact = record.endsWith('absl') ? (ARTIFACT.exec(text)?.[0].length ?? 0) : 0;
  text = text.slice(artifact);
  const column = length - text.length;
  const repeated = text.endsWith('across cluster]') ? REPEATED.exec(text.slice(-60)) : null;
  if (repeated !== null) text = text.slice(0, Math.max(0, text.length - 60) + repeated.index);
  return { number, text, column, rank, lane, record, level };
}

function leadingPrefix(text: string): { readonly prefix: Prefix; readonly match: RegExpExecArray } | null {
  for (const prefix of prefixes) {
    const match = prefix.pattern.exec(text);
    if (match !== null) return { prefix, match };
  }
  return null;
}

/** The letter with which glog and absl begin a line. */
function abslLevel(prefix: string): PlainLine['level'] {
  const letter = prefix.charAt(prefix.startsWith('[') ? 1 : 0);
  if (letter === 'E' || letter === 'F') return 'error';
  return letter === 'W' ? 'warning' : null;
}
