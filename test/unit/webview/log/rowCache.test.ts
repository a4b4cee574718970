import { beforeEach, describe, expect, it, vi } from 'vitest';

import { RowCache } from '../../../../webview/log/rowCache.ts';
import { logRow } from './logRows.ts';

const rows = (from: number, count: number) => Array.from({ length: count }, (_, index) => logRow(from + index));

describe('RowCache', () => {
  let asked: (readonly [number, number])[];
  let cache: RowCache;

  beforeEach(() => {
    asked = [];
    cache = new RowCache((from, count) => {
      asked.push([from, count]);
    });
  });

  it('asks for the pages of a stretch, each once', () => {
    cache.want(100, 300, 10_000);
    cache.want(100, 1_000, 10_000);
    cache.want(100, 1_000, 10_000);
    expect(asked).toEqual([
      [96, 224],
      [320, 512],
      [832, 192],
    ]);
  });

  it('asks again for what an answer left out', () => {
    cache.want(0, 300, 10_000);
    cache.put(0, rows(0, 200));
    cache.want(0, 300, 10_000);
    expect(asked).toEqual([
      [0, 320],
      [192, 128],
    ]);
  });

  it('gives what was answered, and asks again for a page that was shorter', () => {
    cache.want(0, 10, 10);
    cache.put(0, rows(0, 10));
    expect(cache.get(9)?.line).toBe(9);
    expect(cache.get(10)).toBeUndefined();
    cache.want(0, 10, 10);
    expect(asked).toHaveLength(1);
    cache.want(0, 20, 20);
    expect(asked).toHaveLength(2);
  });

  it('asks anew for rows of which more is known, and has them as they were until they come', () => {
    cache.want(0, 64, 10_000);
    cache.put(0, rows(0, 64));
    cache.renew();
    expect(cache.get(40)?.text).toBe(logRow(40).text);
    cache.want(0, 64, 10_000);
    expect(asked).toEqual([
      [0, 64],
      [0, 64],
    ]);
    cache.put(
      0,
      rows(0, 64).map((row) => ({ ...row, text: 'more' })),
    );
    expect(cache.get(40)?.text).toBe('more');
    cache.renew();
    cache.cut(32);
    expect([cache.get(20)?.text, cache.get(40)]).toEqual(['more', undefined]);
    cache.clear();
    expect(cache.get(20)).toBeUndefined();
  });

  it('keeps rows that came without being asked for, and asks for the rest of their page', () => {
    cache.put(1_000, rows(1_000, 5));
    expect([999, 1_000, 1_004, 1_005].map((row) => cache.get(row)?.line)).toEqual([undefined, 1_000, 1_004, undefined]);
    cache.want(1_000, 1_005, 1_005);
    expect(asked).toEqual([[992, 32]]);
    cache.put(992, rows(992, 13));
    cache.want(1_000, 1_005, 1_005);
    expect(asked).toHaveLength(1);
  });

  it('keeps the 1,024 pages that were used last', () => {
    for (let page = 0; page < 1_024; page += 1) {
      cache.put(page * 32, rows(page * 32, 32));
    }
    cache.want(0, 1, 1_000_000);
    cache.put(1_024 * 32, rows(1_024 * 32, 32));
    expect(cache.get(0)?.line).toBe(0);
    expect(cache.get(32)).toBeUndefined();
    expect(cache.get(1_024 * 32)?.line).toBe(1_024 * 32);
  });

  it('asks for what may be wanted next by four messages at a time, the nearest first', () => {
    cache.expect(
      [
        { from: 2_048, to: 4_608, isUpwards: true },
        { from: 4_672, to: 4_736, isUpwards: false },
      ],
      10_000,
    );
    expect(asked).toEqual([
      [4_096, 512],
      [3_584, 512],
      [3_072, 512],
      [2_560, 512],
    ]);
    cache.put(3_584, rows(3_584, 512));
    cache.put(4_096, rows(4_096, 512));
    cache.put(3_072, rows(3_072, 512));
    expect(asked.slice(4)).toEqual([
      [2_048, 512],
      [4_672, 64],
    ]);
  });

  it('asks for what is wanted whatever is on its way, and forgets what was expected before', () => {
    cache.expect([{ from: 0, to: 4_096, isUpwards: false }], 10_000);
    cache.want(5_000, 5_010, 10_000);
    cache.expect([], 10_000);
    cache.put(0, rows(0, 512));
    expect(asked).toEqual([
      [0, 512],
      [512, 512],
      [1_024, 512],
      [1_536, 512],
      [4_992, 32],
    ]);
  });

  it('knows how long an answer takes of late', () => {
    vi.useFakeTimers();
    for (let page = 0; page < 40; page += 1) {
      cache.want(page * 32, page * 32 + 32, 10_000);
      vi.advanceTimersByTime(25);
      cache.put(page * 32, rows(page * 32, 32));
    }
    vi.useRealTimers();
    expect(cache.delay).toBeCloseTo(25, 1);
  });

  it('asks again for what was not answered for some seconds', () => {
    vi.useFakeTimers();
    cache.expect([{ from: 0, to: 2_048, isUpwards: false }], 10_000);
    cache.want(0, 10, 10_000);
    vi.advanceTimersByTime(4_000);
    cache.want(0, 10, 10_000);
    expect(asked).toHaveLength(4);
    vi.advanceTimersByTime(2_000);
    cache.want(0, 10, 10_000);
    cache.expect([{ from: 4_096, to: 4_128, isUpwards: false }], 10_000);
    expect(asked.slice(4)).toEqual([
      [0, 32],
      [4_096, 32],
    ]);
    vi.useRealTimers();
  });

  it('forgets rows that are none any more, and asks for the others of their page again', () => {
    cache.put(0, rows(0, 40));
    cache.cut(39);
    expect([cache.get(31)?.line, cache.get(39)]).toEqual([31, undefined]);
    cache.want(0, 39, 39);
    expect(asked).toEqual([[32, 32]]);
  });
});
