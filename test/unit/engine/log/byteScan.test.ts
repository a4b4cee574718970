import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import { needleSet } from '../../../../src/engine/log/bytes/needles.ts';
import { PlainByteScan } from '../../../../src/engine/log/bytes/plainByteScan.ts';
import { WasmByteScan } from '../../../../src/engine/log/bytes/wasmByteScan.ts';
import { hostileLines } from '../../../fixtures/log/hostileLines.ts';

const wasm = WasmByteScan.create();
const scans = [['plain', new PlainByteScan()], ...(wasm === undefined ? [] : [['wasm', wasm] as const])] as const;

test('this machine has vector instructions', () => {
  expect(wasm).toBeDefined();
});

describe.each(scans)('%s', (_name, scan) => {
  test('counts line feeds', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(10, 9, 0, 138, 74), { maxLength: 3000 }), (bytes) => {
        expect(scan.countLineFeeds(Uint8Array.from(bytes))).toBe(bytes.filter((byte) => byte === 10).length);
      }),
    );
  });

  test('counts in more than fits its memory, and in its own', () => {
    expect(scan.countLineFeeds(Buffer.alloc(3_000_001, '\n'))).toBe(3_000_001);
    const [own] = scan.buffers;
    own.fill('\n');
    expect(scan.countLineFeeds(own.subarray(1))).toBe(own.byteLength - 1);
  });

  test('shows what is seen of each line', () => {
    fc.assert(
      fc.property(hostileLines, (lines) => {
        const seen = scan.visible(Buffer.from(lines.map((line) => `${line}\n`).join(''))).toString();
        expect(seen).toBe(lines.map((line) => `${visibleText(line)}\n`).join(''));
      }),
      { numRuns: 500 },
    );
  });

  test('finds the lines in which a needle is seen', () => {
    const needle = fc.record({
      text: fc.oneof(
        fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'E', '[', '0', ' ', 'm'), minLength: 1, maxLength: 4 }),
        fc.constantFrom('\nE0', '\n[', 'größe', 'ab', 'b[', '0', 'm'),
      ),
      anyCase: fc.boolean(),
    });
    fc.assert(
      fc.property(hostileLines, fc.array(needle, { minLength: 1, maxLength: 12 }), (lines, needles) => {
        const set = needleSet(needles);
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const found = set && [...scan.linesWith(bytes, set)];
        const naive = lines.flatMap((line, number) => {
          const text = `\n${visibleText(line)}`;
          const holds = needles.some(({ text: wanted, anyCase }) =>
            anyCase ? ascii(text).includes(ascii(wanted)) : text.includes(wanted),
          );
          return holds ? [number] : [];
        });
        expect(found).toEqual(naive);
        const copy = set && scan.visibleWith(bytes, set);
        expect([...(copy?.numbers ?? [])]).toEqual(naive);
        expect(copy?.visible.toString()).toBe(naive.map((line) => `${visibleText(lines[line] ?? '')}\n`).join(''));
      }),
      { numRuns: 1000 },
    );
  });

  test('finds needles at the very end of what it can hold, and none beyond', () => {
    const [own] = scan.buffers;
    own.fill('x');
    own.write('needle', own.byteLength - 6);
    const set = needleSet([{ text: 'needle', anyCase: false }]);
    expect(set && [...scan.linesWith(own, set)]).toEqual([0]);
    expect(set && [...scan.linesWith(own.subarray(0, -1), set)]).toEqual([]);
    expect(set && scan.visibleWith(own.subarray(-8), set).visible.toString()).toBe('xxneedle');
  });

  test.each([1, 2, 3, 31, 32, 33, 40, 300])('finds a single needle of %i bytes wherever it lies', (length) => {
    const needle = `${'ab'.repeat(length)}`.slice(0, length - 1).concat('k');
    for (const anyCase of [false, true]) {
      const set = needleSet([{ text: needle, anyCase }]);
      for (let before = 0; before < 20; before += 1) {
        const there = `${'.'.repeat(before)}${anyCase ? needle.toUpperCase() : needle}`;
        const cut = `${there.slice(0, before + length - 1)}\u001b[0m${there.slice(before + length - 1)}`;
        const lines = Buffer.from(`${there.slice(0, -1)}\n${there}\n${cut}\n${there.slice(0, -1)}`);
        expect(set && [...scan.linesWith(lines, set)]).toEqual([1, 2]);
      }
    }
  });
});

test('needles that are too long are refused', () => {
  expect(needleSet([{ text: 'x'.repeat(70_000), anyCase: false }])).toBeUndefined();
});

function ascii(text: string): string {
  return text.replaceAll(/[A-Z]/gu, (letter) => letter.toLowerCase());
}
