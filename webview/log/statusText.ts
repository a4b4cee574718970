import type { LogGapNote, LogOutline } from '../../src/core/logRow.ts';
import { formatBytes } from '../../src/core/quantity.ts';
import { t } from '../ui/l10n.ts';

type Truth = Pick<LogOutline, 'truth' | 'gaps' | 'writtenAt'>;

/** How far the log can be believed, in one line. */
export function truthText({ truth, gaps, writtenAt }: Truth, now: number): string {
  switch (truth) {
    case 'none':
      return t('no output yet');
    case 'following':
      return t('following');
    case 'complete':
      return t('complete');
    case 'file':
      return `${t('whole file')}${writtenText(writtenAt, now)}`;
    case 'interrupted':
      return t('interrupted');
    case 'sampled':
      return t('sampled by the provider');
    case 'expired':
      return t('the provider may not keep all of it any more');
    case 'gap':
      return gapsText(gaps.filter(isMissing), now) + writtenText(writtenAt, now);
  }
}

/** All that is known of it: what is missing, from when to when and why, each gap on a line of its own. */
export function truthDetails(outline: Truth, now: number): string {
  const gaps = outline.gaps.filter(isMissing);
  const shown = gaps.slice(-mostGapsTold).map((gap) => gapText(gap, now));
  const again =
    outline.truth === 'interrupted'
      ? [t('The provider could not be read. It is asked again and again, and what is missing comes then.')]
      : [];
  const left = gaps.length > shown.length ? [t('{0} gaps before these', gaps.length - shown.length)] : [];
  return [truthText(outline, now), ...again, ...left, ...shown].join('\n');
}

/** What came late is marked where it came, and is not missing. */
const isMissing = ({ cause }: LogGapNote): boolean => cause !== 'late';

/** Of more gaps only the newest are told one by one. */
const mostGapsTold = 10;

/** When a file was written last, beside what else is said of it; nothing of a log that is no file. */
function writtenText(writtenAt: number | null, now: number): string {
  if (writtenAt === null) {
    return '';
  }
  const minutes = Math.floor((now - writtenAt) / 60_000);
  if (minutes < 1) {
    return ` · ${t('last written just now')}`;
  }
  if (minutes < 60) {
    return ` · ${t('last written {0} min ago', minutes)}`;
  }
  return minutes < 24 * 60
    ? ` · ${t('last written {0} h ago', Math.floor(minutes / 60))}`
    : ` · ${t('last written {0}', new Date(writtenAt).toLocaleDateString())}`;
}

function gapsText(gaps: LogOutline['gaps'], now: number): string {
  const [first] = gaps;
  if (first === undefined) {
    return t('gap');
  }
  return gapText(first, now) + (gaps.length > 1 ? t(' and {0} more', gaps.length - 1) : '');
}

function gapText({ from, to, reason }: LogGapNote, now: number): string {
  if (from === null && to === null) {
    return t('gap: {0}', reason);
  }
  const [first, last] = [clock(from, now), clock(to, now)];
  return first === last ? t('gap at {0}: {1}', first, reason) : t('gap {0} to {1}: {2}', first, last, reason);
}

/** With the day unless that is today. */
function clock(time: number | null, now: number): string {
  if (time === null) {
    return '?';
  }
  const date = new Date(time);
  const clockTime = date.toLocaleTimeString([], { hour12: false });
  return date.toDateString() === new Date(now).toDateString() ? clockTime : `${date.toLocaleDateString()} ${clockTime}`;
}

/** "1,204 lines · 84 KB"; with a plus while they are still being counted. */
export function sizeText({ lines, bytes, counted }: Pick<LogOutline, 'lines' | 'bytes' | 'counted'>): string {
  const count = lines === 1 && counted ? t('1 line') : t('{0} lines', `${lines.toLocaleString()}${counted ? '' : '+'}`);
  return `${count} · ${formatBytes(bytes)}`;
}

/** Why another line than the one that was asked for is gone to; null when it is that one. Lines count from 0, `lines`: of the whole log. */
export function revealNote(line: number, found: { readonly line: number } | null, lines: number): string | null {
  if (found?.line === line) {
    return null;
  }
  const asked = (line + 1).toLocaleString();
  if (line >= lines) {
    return t('there is no line {0}, the last is {1}', asked, lines.toLocaleString());
  }
  if (found === null) {
    return t('line {0} is not shown', asked);
  }
  const instead = (found.line + 1).toLocaleString();
  return found.line > line
    ? t('line {0} is not shown, the next is {1}', asked, instead)
    : t('line {0} is not shown, the last is {1}', asked, instead);
}
