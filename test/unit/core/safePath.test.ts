import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isReservedOnWindows, safeRelativePath } from '../../../src/core/safePath.ts';

const hostilePart = fc.constantFrom(
  '..',
  '.',
  '',
  '...',
  '.. ',
  ' ..',
  '~',
  'C:',
  'c:..',
  '\\',
  '..\\',
  '\0',
  'a',
  'b.txt',
  '\ud800',
);
const hostilePath = fc.oneof(
  fc
    .array(fc.oneof(hostilePart, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 6 })
    .map((parts) => parts.join('/')),
  fc.array(hostilePart, { maxLength: 5 }).map((parts) => parts.join('')),
  fc.string(),
);

describe('safeRelativePath', () => {
  test.each([
    ['a', 'a'],
    ['a/b.txt', 'a/b.txt'],
    ['./a//b/', 'a/b'],
    ['..a/b..', '..a/b..'],
    ['-rf', '-rf'],
    ['line\nbreak "quoted"', 'line\nbreak "quoted"'],
    ['log 12:30:05.txt', 'log 12:30:05.txt'],
    ['~/x', '~/x'],
  ])('%j is %j', (path, expected) => {
    expect(safeRelativePath(path)).toBe(expected);
  });

  test.each([
    '',
    '.',
    './',
    '/',
    '/etc/passwd',
    '//host/share',
    '..',
    '../a',
    'a/../b',
    'a/..',
    'C:\\a',
    './C:',
    'c:a',
    'a\\..\\b',
    'a\0b',
    'a/.. /b',
    'a/\ud800',
  ])('%j is refused', (path) => {
    expect(safeRelativePath(path)).toBeNull();
  });

  test('whatever it returns stays below the folder, by the rules of both systems', () => {
    fc.assert(
      fc.property(hostilePath, (path) => {
        const safe = safeRelativePath(path);
        if (safe === null) {
          return;
        }
        expect(posix.resolve('/base/folder', safe)).toBe(`/base/folder/${safe}`);
        expect(win32.resolve('D:\\base\\folder', safe).startsWith('D:\\base\\folder\\')).toBe(true);
        expect(safeRelativePath(safe)).toBe(safe);
      }),
      { numRuns: 2000 },
    );
  });

  test('a path that is already plain comes back as it is', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/[/\\\0]|^[. ]+$|^[A-Za-z]:/u.test(text));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        expect(safeRelativePath(parts.join('/'))).toBe(parts.join('/'));
      }),
    );
  });
});

describe('isReservedOnWindows', () => {
  test.each(['con', 'a/NUL', 'aux.txt', 'Com1.log', 'a:b', 'dot./x', 'space ', 'what?'])('%j is', (path) => {
    expect(isReservedOnWindows(path)).toBe(true);
  });
  test.each(['console', 'a/nullable', 'auxiliary.txt', 'com10', '.hidden', 'a b'])('%j is not', (path) => {
    expect(isReservedOnWindows(path)).toBe(false);
  });
});
