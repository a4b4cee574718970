import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { LogRowView, LogToWebview } from '../../../src/protocol/logView.ts';
import { packed, packRows, unpacked, unpackRows } from '../../../src/protocol/packedRows.ts';
import { logRow, logState } from '../webview/log/logRows.ts';

/** Of few values each, so that there are runs. */
const anyRow: fc.Arbitrary<LogRowView> = fc
  .record({
    line: fc.integer({ min: -1, max: 40 }),
    stream: fc.integer({ min: -1, max: 3 }),
    time: fc.constantFrom(null, 1, 2),
    text: fc.oneof(
      fc.constant(''),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')),
    ),
    cutBytes: fc.constantFrom(0, 7),
    rewrites: fc.constantFrom(0, 3),
    gap: fc.constantFrom(null, '3 lines are missing'),
    level: fc.constantFrom(null, 'error' as const, 'warning' as const),
    links: fc.constantFrom([], [{ start: 0, end: 8, path: 'train.py', line: 3 }]),
  })
  .chain((row) => fc.constantFrom(row, row.gap === null ? row : { ...row, gapCause: 'late' as const }));

describe('rows on their way to a webview', () => {
  test('are after it what they were before, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 60 }), (rows) => {
        const sent: unknown = JSON.parse(JSON.stringify(packRows(rows)));
        expect(sent).toEqual(packRows(rows));
        expect(unpackRows(packRows(rows))).toEqual(rows);
      }),
    );
  });

  test('are so too in each message that has rows', () => {
    const rows = [logRow(3), logRow(4), logRow(9)];
    const messages: readonly LogToWebview[] = [
      { type: 'logRows', view: 1, from: 3, rows },
      { type: 'logState', id: 1, state: logState(10), tail: { from: 3, rows, partial: [logRow(-1), logRow(-1)] } },
      { type: 'logState', id: 2, state: logState(0), tail: null },
      { type: 'logReveal', line: 3, found: null },
    ];
    expect(messages.map(packed).map(unpacked)).toEqual(messages);
  });

  test('say what they have in common once', () => {
    const rows = Array.from({ length: 200 }, (_, line) => logRow(1_000_000 + line, { time: 1_764_000_000_000 }));
    const texts = rows.reduce((sum, { text }) => sum + text.length, 0);
    expect(JSON.stringify(packRows(rows)).length - texts).toBeLessThan(200 * 3);
  });
});
