import { describe, expect, it } from 'vitest';

import {
  fromTimeField,
  nextTimes,
  timeModes,
  timeText,
  toTimeField,
  wholeTime,
} from '../../../../webview/log/times.ts';

const start = new Date(2026, 0, 12, 14, 30, 7, 45).getTime();

describe('the time column', () => {
  it('tells the time of day to the millisecond', () => {
    expect(timeText('clock', start, null, null)).toBe('14:30:07.045');
  });

  it('tells the date as well from the day after the start on, and all of it when asked', () => {
    const day = 24 * 3_600_000;
    expect(timeText('clock', start, start - 60_000, null)).toBe('14:30:07.045');
    expect(timeText('clock', start + day, start, null)).toBe('01-13 14:30:07.045');
    expect(wholeTime(start + day)).toBe('2026-01-13 14:30:07.045');
  });

  it('tells the time since the start and since the line before', () => {
    expect(timeText('elapsed', start + 61_500, start, null)).toBe('1 m 01 s');
    expect(timeText('delta', start + 250, start, start)).toBe('+0.250 s');
    expect(timeText('delta', start, start, null)).toBe('');
    expect(timeText('elapsed', start, null, null)).toBe('');
  });

  it('is empty for a line without a time', () => {
    expect(timeText('clock', null, start, start)).toBe('');
    expect(timeText('off', start, start, start)).toBe('');
  });

  it('goes through all its ways', () => {
    expect(timeModes.map(nextTimes)).toEqual(['clock', 'elapsed', 'delta', 'off']);
  });
});

describe('a field for a time', () => {
  it('holds local time to the second, the end of a range up to its last millisecond', () => {
    expect(toTimeField(start)).toBe('2026-01-12T14:30:07');
    expect(fromTimeField('2026-01-12T14:30:07', false)).toBe(start - 45);
    expect(fromTimeField('2026-01-12T14:30:07', true)).toBe(start - 45 + 999);
    expect([toTimeField(null), fromTimeField('', false)]).toEqual(['', null]);
  });
});
