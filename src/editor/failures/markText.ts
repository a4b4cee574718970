import type { EpochMs } from '../../core/job.ts';
import { t } from '../l10n.ts';
import type { CommandId } from '../commandIds.ts';
import type { FailureMark } from './failureMark.ts';
import { codeBlock, codeSpan, commandLink, oneLine } from '../hostileText.ts';

const shortest = 120;
const sentence = 400;
const whole = 2_000;
const nameLength = 60;
const framesShown = 8;

/** Commands that the links of a hover may run, and no others. */
export const hoverCommands = [
  'aloft.openJob',
  'aloft.openFrame',
  'aloft.compareWithRun',
  'aloft.clearFailureMarks',
] as const satisfies readonly CommandId[];

/** `RuntimeError: shape mismatch`: the first line that the failure says something in. */
export function headline(failure: Pick<FailureMark, 'type' | 'message'>, most = sentence): string {
  const lines = errorText(failure).split('\n');
  return oneLine(lines.find((line) => line.trim() !== '') ?? '', most);
}

/** Some messages begin with the name of the error. */
function errorText({ type, message }: Pick<FailureMark, 'type' | 'message'>): string {
  return message.startsWith(type)
    ? message
    : [type, ...(message.trim() === '' ? [] : [message.trimStart()])].join(': ');
}

const nameOf = ({ run }: FailureMark): string => oneLine(run.name, nameLength);

/** What stands behind the line in the editor. */
export function inlineText(mark: FailureMark, now: EpochMs): string {
  return `${headline(mark, shortest)} · ${t('run {0}, {1}', nameOf(mark), age(now - mark.run.endedAt))}`;
}

/** What the Problems view says. */
export function problemText(mark: FailureMark, isUnchanged: boolean): string {
  const text = t('run {0} failed here: {1}', nameOf(mark), headline(mark));
  return isUnchanged ? text : `${text} ${t('(this line was changed since)')}`;
}

/** What the Problems view says of the calls that led to the failure. */
export function frameText(mark: FailureMark, frame: FailureMark['place']): string {
  return frame.function === null
    ? t('called from here in run {0}', nameOf(mark))
    : t('in {0}, in run {1}', oneLine(frame.function, nameLength), nameOf(mark));
}

/**
 * What a hover says, in pieces of Markdown. Only `error` holds what the run printed, and it has no links; null when the Problems
 * view, whose words stand above in the same hover, says all of it.
 */
export function hoverText(
  mark: FailureMark,
  now: EpochMs,
  isUnchanged: boolean,
): { readonly title: string; readonly error: string | null; readonly actions: string } {
  const { run, frames, place } = mark;
  const name = codeSpan(run.name, nameLength);
  const title = `$(error) ${t('Run {0} failed here, {1}.', name, age(now - run.endedAt))}`;
  const shown = frames.slice(0, framesShown).map((frame, index) => {
    const label = codeSpan(`${frame.path}:${frame.line}`, sentence);
    const within = frame.function === null ? '' : ` ${t('in {0}', codeSpan(frame.function, nameLength))}`;
    const link = commandLink(label, 'aloft.openFrame', [run.runId, frame.path, frame.line]);
    return `${index === 0 ? '' : '$(arrow-small-right) '}${link}${within}`;
  });
  const links = [
    commandLink(`$(output) ${t('Show in log')}`, 'aloft.openJob', [run.runId, { line: place.logLine }]),
    commandLink(`$(diff) ${t('Compare with the version that ran')}`, 'aloft.compareWithRun', [
      run.runId,
      place.path,
      place.line,
    ]),
    commandLink(`$(clear-all) ${t('Clear')}`, 'aloft.clearFailureMarks', [run.runId]),
  ];
  return {
    title: isUnchanged ? title : `${title} ${t('This line was changed since.')}`,
    error: headline(mark) === errorText(mark).trim() ? null : codeBlock(errorText(mark), whole),
    actions: `${shown.join('  \n')}\n\n${links.join(' &nbsp; ')}`,
  };
}

const minute = 60_000;

/** How long ago something was, in rough words. */
function age(ms: number): string {
  if (ms < minute) {
    return t('just now');
  }
  const minutes = Math.round(ms / minute);
  return minutes < 60 ? t('{0} min ago', minutes) : t('{0} h ago', Math.round(minutes / 60));
}
