import { describe, expect, it } from 'vitest';

import { truthText } from '../../../../webview/log/statusText.ts';

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
});
