import { formatElapsed } from '../../src/core/quantity.ts';

export const timeModes = ['off', 'clock', 'elapsed', 'delta'] as const;

/** `clock`: time of day, after the day of the start with its date; `elapsed`: since the start; `delta`: since the line before. */
export type TimeMode = (typeof timeModes)[number];

/** What stands in the time column. `startedAt`, `before`: null when not known. */
export function timeText(mode: TimeMode, time: number | null, startedAt: number | null, before: number | null): string {
  if (time === null || mode === 'off') {
    return '';
  }
  switch (mode) {
    case 'clock':
      return startedAt === null || dayText(time) === dayText(startedAt)
        ? clockText(time)
        : `${dayText(time).slice(-'MM-DD'.length)} ${clockText(time)}`;
    case 'elapsed':
      return startedAt === null ? '' : elapsed(time - startedAt);
    case 'delta':
      return before === null ? '' : `+${elapsed(time - before)}`;
  }
}

/** All of a time, in local time: `2026-11-26 14:05:03.120`. */
export function wholeTime(time: number): string {
  return `${dayText(time)} ${clockText(time)}`;
}

function dayText(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function clockText(time: number): string {
  const date = new Date(time);
  const thousandths = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${thousandths}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function elapsed(ms: number): string {
  return Math.abs(ms) < 60_000 ? `${(ms / 1000).toFixed(3)} s` : formatElapsed(ms);
}

export function nextTimes(mode: TimeMode): TimeMode {
  return timeModes[(timeModes.indexOf(mode) + 1) % timeModes.length] ?? 'off';
}

/** For an `<input type="datetime-local">`, in local time. */
export function toTimeField(time: number | null): string {
  return time === null ? '' : new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The time that such a field names; `isEnd`: the last millisecond of its second. null when it is empty. */
export function fromTimeField(value: string, isEnd: boolean): number | null {
  const time = new Date(value).getTime();
  return Number.isNaN(time) ? null : time + (isEnd ? 999 : 0);
}
