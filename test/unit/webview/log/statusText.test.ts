import { describe, expect, it } from 'vitest';

import { truthDetails, truthText } from '../../../../webview/log/statusText.ts';

const now = new Date(2026, 10, 26, 15, 0).getTime();
const minute = 60_000;
const file = (age: number) => truthText({ truth: 'file', gaps: [], writtenAt: now - age }, now);

describe('truthText', () => {
  it('says of a file when it was written last, and not that it is complete', () => {
    expect(file(70_000)).toBe('whole file · last written 1 min ago');
    expect(file(59 * minute)).toBe('whole file · last written 59 min ago');
    expect(file(150 * minute)).toBe('whole file · last written 2 h ago');
    expect(file(72 * 60 * minute)).toBe(`whole file · last written ${new Date(2026, 10, 23).toLocaleDateString()}`);
    expect(file(-5 * minute)).toBe('whole file · last written just now');
  });

  it('says what is gone of a file, and that it is followed', () => {
    const gaps = [{ from: null, to: null, reason: 'the file was cut off, what was shown before is gone' }];
    expect(truthText({ truth: 'gap', gaps, writtenAt: now }, now)).toBe(
      'gap: the file was cut off, what was shown before is gone · last written just now',
    );
  });

  it('says when something is missing, once where that was no time at all', () => {
    const at = new Date(2026, 10, 26, 14, 2, 5).getTime();
    const gap = (to: number) =>
      truthText({ truth: 'gap', gaps: [{ from: at, to, reason: '412 lines were lost' }], writtenAt: null }, now);
    expect(gap(at + 300)).toBe('gap at 14:02:05: 412 lines were lost');
    expect(gap(at + 2_000)).toBe('gap 14:02:05 to 14:02:07: 412 lines were lost');
  });

  it('says of the log of a job that it is complete', () => {
    expect(truthText({ truth: 'complete', gaps: [], writtenAt: null }, now)).toBe('complete');
  });

  it('says of the log of a job what the provider left out or does not keep', () => {
    const text = (truth: 'sampled' | 'expired' | 'following' | 'interrupted') =>
      truthText({ truth, gaps: [], writtenAt: null }, now);
    expect(text('sampled')).toBe('sampled by the provider');
    expect(text('expired')).toBe('the provider may not keep all of it any more');
    expect(text('following')).toBe('following');
    expect(text('interrupted')).toBe('interrupted');
    expect(truthDetails({ truth: 'interrupted', gaps: [], writtenAt: null }, now)).toContain('asked again');
    expect(truthDetails({ truth: 'complete', gaps: [], writtenAt: null }, now)).toBe('complete');
  });

  it('does not count what came late as missing', () => {
    const late = { from: now, to: now, reason: 'shown late', cause: 'late' } as const;
    const lost = { from: null, to: null, reason: 'lost' };
    expect(truthDetails({ truth: 'complete', gaps: [late], writtenAt: null }, now)).toBe('complete');
    expect(truthText({ truth: 'gap', gaps: [late, lost], writtenAt: null }, now)).toBe('gap: lost');
  });

  it('says from when to when something is missing, with the day unless that is today, and how much more is', () => {
    const [from, to] = [now - 60 * minute, now - 59 * minute];
    const clock = (time: number) => new Date(time).toLocaleTimeString([], { hour12: false });
    const rotated = { from, to, reason: 'rotated away' };
    const dropped = { from: from - 48 * 60 * minute, to: null, reason: 'dropped' };
    expect(truthText({ truth: 'gap', gaps: [rotated], writtenAt: null }, now)).toBe(
      `gap ${clock(from)} to ${clock(to)}: rotated away`,
    );
    expect(truthText({ truth: 'gap', gaps: [rotated, dropped], writtenAt: null }, now)).toBe(
      `gap ${clock(from)} to ${clock(to)}: rotated away and 1 more`,
    );
    expect(
      truthDetails({ truth: 'gap', gaps: [rotated, dropped], writtenAt: null }, now)
        .split('\n')
        .slice(1),
    ).toEqual([
      `gap ${clock(from)} to ${clock(to)}: rotated away`,
      `gap ${new Date(2026, 10, 24).toLocaleDateString()} ${clock(from)} to ?: dropped`,
    ]);
  });

  it('tells the newest of many gaps one by one', () => {
    const gaps = Array.from({ length: 25 }, (_, index) => ({ from: null, to: null, reason: `gap ${index}` }));
    const details = truthDetails({ truth: 'gap', gaps, writtenAt: null }, now).split('\n');
    expect(details).toHaveLength(12);
    expect(details.slice(1, 3)).toEqual(['15 gaps before these', 'gap: gap 15']);
    expect(details.at(-1)).toBe('gap: gap 24');
  });
});
