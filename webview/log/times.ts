import { formatElapsed } from '../../src/core/quantity.ts';

export const timeModes = ['off', 'clock', 'elapsed', 'delta'] as const;

/** `clock`: time of day; `elapsed`: since the start; `delta`: since the line before. */
export type TimeMode = (typeof timeModes)[number];

/** What stands in the time column. `startedAt`, `before`: null when not known. */
export function timeText(mode: TimeMode, time: number | null, startedAt: number | null, before: number | null): string {
  if (time === null || mode === 'off') {
    return '';
  }
  switch (mode) {
    case 'clock': {
      const date = new Date(time);
      const two = (value: number): string => String(value).padStart(2, '0');
      const thousandths = String(date.getMilliseconds()).padStart(3, '0');
      return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${thousandths}`;
    }
    case 'elapsed':
      return startedAt === null ? '' : elapsed(time - startedAt);
    case 'delta':
      return before === null ? '' : `+${elapsed(time - before)}`;
  }
}

function elapsed(ms: number): string {
  return Math.abs(ms) < 60_000 ? `${(ms / 1000).toFixed(3)} s` : formatElapsed(ms);
}
