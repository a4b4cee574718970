import { anyOf } from './anyOf.ts';
import { withoutPrefix } from './linePrefix.ts';
import { machineFailure } from './machineFailure.ts';
import { exceptionLine } from './pythonLine.ts';
import { visibleText } from './visibleText.ts';

/** A line without any of these, in whatever case, nor a letter for a level as glog puts it, has no level. */
export const levelWords: readonly string[] = [
  'err',
  'warn',
  'fatal',
  'crit',
  'exception',
  'traceback',
  'interrupt',
  'fail',
  'kill',
  'fault',
  'abort',
  'exit',
  'bus',
  'oom',
  'memory',
  'not found',
  'no module',
  "can't open",
  'watchdog',
  '***',
];
const HINT = new RegExp(String.raw`${anyOf(levelWords).source}|(?:^|\[|\s)[EWF][\d ]`, 'i');
const LONGEST = 2048;

const NUMBER = String.raw`[-+]?[\d.]+(?:e[-+]?\d+)?%?`;
/** A level where loggers put it: at the start, between bars, dashes or brackets, or as a field. */
const AT_START = /^\W{0,4}(ERROR|CRITICAL|FATAL|ERR|WARNING|WARN)(?:[\]|):]|\s*[-|:]\s|\s{1,8}[^\s=:\d])/;
const IN_RECORD =
  /[[|(]\s{0,8}(ERROR|CRITICAL|FATAL|WARNING|WARN)\s{0,8}[\]|)]|\s-\s(ERROR|CRITICAL|FATAL|WARNING|WARN)\s-\s/;
const AFTER_TIME = /^(ERROR|CRITICAL|FATAL|WARNING|WARN)\s/;
const AS_FIELD = /(?:\blevel=|"(?:level|levelname|severity|lvl)":\s?)"?(error|critical|fatal|warning|warn)\b/i;
const COMPILER = new RegExp(
  String.raw`^(?:[^\s:]{1,300}:\s?|[^\s:]{1,300}[:(][\d:,]{1,16}\)?:\s)?(?:fatal )?(error|fatal|warning): (?!${NUMBER}(?:[\s,]|$))\S`,
  'i',
);
const WARNING_CLASS = /^(?:[^\s:]{1,500}:\d{1,9}: )?[A-Z]\w{0,60}Warning: /;

/** Whether a line of a log reports an error or a warning. Rather null than wrong. */
export function lineLevel(text: string): 'error' | 'warning' | null {
  const beginning = text.length > LONGEST ? text.slice(0, LONGEST) : text;
  if (!HINT.test(beginning)) return null;
  const line = withoutPrefix(visibleText(beginning), 0);
  return line.level ?? wordLevel(line.text, line.record !== '') ?? failureLevel(line.text);
}

function wordLevel(text: string, inRecord: boolean): 'error' | 'warning' | null {
  if (WARNING_CLASS.test(text)) return 'warning';
  const start = text.slice(0, 200);
  const found =
    AT_START.exec(start) ??
    IN_RECORD.exec(start) ??
    (inRecord ? AFTER_TIME.exec(start) : null) ??
    AS_FIELD.exec(text) ??
    COMPILER.exec(text);
  const word = found?.[1] ?? found?.[2];
  if (word === undefined) return null;
  return /^warn/i.test(word) ? 'warning' : 'error';
}

function failureLevel(text: string): 'error' | 'warning' | null {
  if (text.includes('Traceback (most recent call last)') || text.startsWith('Fatal Python error: ')) return 'error';
  if (text.startsWith('terminate called after throwing')) return 'error';
  const exception = exceptionLine(text);
  if (
    exception?.sure === true &&
    exception.indent === 0 &&
    /(?:Error|Exception|Interrupt|Group)\)?$/.test(exception.type)
  ) {
    return 'error';
  }
  return machineFailure(text)?.level ?? null;
}
