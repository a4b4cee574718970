import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { nextIn, RowView } from '../../../../src/editor/log/rowView.ts';
import { LineList } from '../../../../src/engine/log/lineList.ts';

function listOf(lines: readonly number[]): LineList {
  const list = new LineList();
  list.push(Uint32Array.from(lines));
  return list;
}

const someLines = fc
  .uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 200 })
  .map((lines) => lines.toSorted((one, other) => one - other));

describe('all lines as rows', () => {
  const view = new RowView(null);

  test('each line is the row of its own number', () => {
    expect(view.count(10)).toBe(10);
    expect(view.lines(7, 5, 10)).toEqual([7, 8, 9]);
    expect(view.rowOf(3)).toBe(3);
    expect(view.lineOf(3)).toBe(3);
    expect(view.nearest(3, 10)).toEqual({ row: 3, line: 3 });
    expect(view.nearest(99, 10)).toEqual({ row: 9, line: 9 });
    expect(view.nearest(0, 0)).toBeNull();
  });
});

describe('the lines that a filter lets through as rows', () => {
  test('rows and lines lead to each other', () => {
    fc.assert(
      fc.property(someLines, (lines) => {
        const view = new RowView(listOf(lines));
        expect(view.count(1_000)).toBe(lines.length);
        expect(view.lines(0, lines.length, 1_000)).toEqual(lines);
        for (const [row, line] of lines.entries()) {
          expect(view.rowOf(line)).toBe(row);
          expect(view.lineOf(row)).toBe(line);
        }
        const missing = Array.from({ length: 501 }, (_, line) => line).filter((line) => !lines.includes(line));
        expect(missing.every((line) => view.rowOf(line) === null)).toBe(true);
        for (let line = 0; line <= 501; line += 1) {
          const nearest = lines.find((other) => other >= line) ?? lines.at(-1);
          expect(view.nearest(line, 1_000)?.line).toBe(nearest);
          expect(view.nearest(line, 1_000)?.row).toBe(nearest === undefined ? undefined : lines.indexOf(nearest));
        }
      }),
    );
  });

  test('of what was found, only what is among the rows is shown', () => {
    fc.assert(
      fc.property(someLines, someLines, (rows, found) => {
        const shown = new RowView(listOf(rows)).shown(listOf(found));
        expect(shown.slice(0, shown.length)).toEqual(found.filter((line) => rows.includes(line)));
      }),
    );
  });
});

describe('the overview ruler', () => {
  test('marks each part of the rows that something was found in, and no other', () => {
    fc.assert(
      fc.property(someLines, fc.integer({ min: 1, max: 40 }), (found, steps) => {
        const total = 501;
        const marked = new RowView(null).ruler(listOf(found), steps, total);
        expect(marked).toEqual([...new Set(found.map((line) => Math.floor((line * steps) / total)))]);
      }),
    );
  });

  test('under a filter its parts are those of the rows', () => {
    const rows = new RowView(listOf([10, 20, 30, 40]));
    expect(rows.ruler(listOf([30]), 4, 1_000)).toEqual([2]);
    expect(rows.ruler(listOf([]), 4, 1_000)).toEqual([]);
  });
});

describe('the next match', () => {
  test.each([
    [0, false, { line: 5, position: 0 }],
    [5, false, { line: 9, position: 1 }],
    [9, false, { line: 5, position: 0 }],
    [9, true, { line: 5, position: 0 }],
    [5, true, { line: 9, position: 1 }],
    [7, true, { line: 5, position: 0 }],
  ])('from line %d, backward %s: %j', (line, backward, next) => {
    expect(nextIn(listOf([5, 9]), line, backward)).toEqual(next);
  });

  test('is none when nothing was found', () => {
    expect(nextIn(listOf([]), 3, false)).toBeNull();
  });
});
