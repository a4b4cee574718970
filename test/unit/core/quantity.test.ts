import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatElapsed,
  parseBytes,
  parseDuration,
  writeBytes,
  writeDuration,
} from '../../../src/core/quantity.ts';

const GiB = 1024 ** 3;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('parseBytes', () => {
  test.each([
    ['80GiB', 80 * GiB],
    ['80 gib', 80 * GiB],
    ['80Gi', 80 * GiB],
    ['80G', 80 * GiB],
    ['80GB', 80e9],
    ['1.5 TB', 1.5e12],
    ['512M', 512 * 1024 ** 2],
    ['512 MB', 512e6],
    ['50 MiB', 50 * 1024 ** 2],
    ['1kb', 1000],
    ['0.5 KiB', 512],
    ['17 B', 17],
    [' 2T ', 2 * 1024 ** 4],
    ['0.1GiB', 107_374_182],
  ])('%s is %d bytes', (text, value) => {
    expect(parseBytes(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['80', /80 needs a unit: write 80GiB or 80GB/u],
    ['', /"" is not a size.*64GiB/u],
    ['lots', /"lots" is not a size/u],
    ['-5GB', /not a size/u],
    ['1e9B', /not a size/u],
    ['1,5 TB', /not a size/u],
    ['5 XB', /"XB" is not a unit of size\. Use B, KiB/u],
    ['5 GBs', /"GBs" is not a unit of size/u],
    ['99999999999 PiB', /too large/u],
    ['9'.repeat(1000), /"9{39}…" is not a size/u],
  ])('%s is refused', (text, message) => {
    const parsed = parseBytes(text);
    expect(parsed.ok ? '' : parsed.message).toMatch(message);
  });

  const roundBytes = fc
    .tuple(fc.integer({ min: 0, max: 8000 }), fc.constantFrom(1000, 1024), fc.integer({ min: 0, max: 4 }))
    .map(([amount, base, power]) => amount * base ** power);

  test('reads back what writeBytes wrote', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), roundBytes), (bytes) => {
        expect(parseBytes(writeBytes(bytes))).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  test.each([
    [80 * GiB, '80GiB'],
    [1.5e12, '1500GB'],
    [1.5 * GiB, '1536MiB'],
    [1001, '1001B'],
    [0, '0B'],
  ])('%d is written as %s', (bytes, text) => {
    expect(writeBytes(bytes)).toBe(text);
  });
});

describe('parseDuration', () => {
  test.each([
    ['12h', 12 * hour],
    ['90m', 90 * minute],
    ['1h30m', 1.5 * hour],
    ['1 h 30 min', 1.5 * hour],
    ['1 hour, 30 minutes', 1.5 * hour],
    ['1.5 hours', 1.5 * hour],
    ['2d', 2 * day],
    ['1w', 7 * day],
    ['45s', 45 * second],
    ['45 SEC', 45 * second],
    ['250ms', 250],
    ['1:30:00', 1.5 * hour],
    ['1-12:00:00', 1.5 * day],
    ['0s', 0],
  ])('%s is %d ms', (text, value) => {
    expect(parseDuration(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['90', /"90" needs a unit/u],
    ['1:30', /could be hours or minutes/u],
    ['1:75:00', /not a duration/u],
    ['', /"" is not a duration/u],
    ['-5m', /not a duration/u],
    ['5m!', /not a duration/u],
    ['5m 3', /not a duration/u],
    ['3 fortnights', /"fortnights" is not a unit of time/u],
    ['30m1h', /out of order/u],
    ['1h1h', /out of order/u],
    ['99999999999999999999d', /too large/u],
  ])('%s is refused', (text, message) => {
    const parsed = parseDuration(text);
    expect(parsed.ok ? '' : parsed.message).toMatch(message);
  });

  test('reads back what writeDuration wrote', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.maxSafeNat(),
          fc.integer({ min: 0, max: 10_000 }).map((minutes) => minutes * minute),
        ),
        (ms) => {
          expect(parseDuration(writeDuration(ms))).toEqual({ ok: true, value: ms });
        },
      ),
    );
  });

  test.each([
    [12 * hour, '12h'],
    [90 * minute, '1h30m'],
    [36 * hour, '1d12h'],
    [1, '1ms'],
    [0, '0s'],
  ])('%d ms is written as %s', (ms, text) => {
    expect(writeDuration(ms)).toBe(text);
  });
});

test('any text is answered with a value or one short line', () => {
  const numeric = fc.string({ unit: fc.constantFrom(...'0123456789.: -,hdmsgib'.split('')), maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), numeric), (text) => {
      for (const parsed of [parseBytes(text), parseDuration(text)]) {
        if (parsed.ok) {
          expect(parsed.value).toBeGreaterThanOrEqual(0);
          expect(Number.isSafeInteger(parsed.value)).toBe(true);
        } else {
          expect(parsed.message).toMatch(/^[^\p{Cc}]{1,300}$/u);
        }
      }
    }),
  );
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [1_234_567, '1.2 MB'],
  [9_999_999, '10 MB'],
  [999_999, '1 MB'],
  [200e6, '200 MB'],
  [5e18, '5000 PB'],
])('formatBytes: %d is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [4 * minute + 3 * second, '4 m 03 s'],
  [72 * minute, '1 h 12 m'],
  [day + 3 * hour + 59 * minute, '1 d 3 h'],
  [-5, '0 s'],
])('formatElapsed: %d ms is %s', (ms, text) => {
  expect(formatElapsed(ms)).toBe(text);
});

test.each([
  [-1000, 'just now'],
  [4999, 'just now'],
  [42 * second, '42 s ago'],
  [3.9 * minute, '3 min ago'],
  [2 * hour, '2 h ago'],
  [5 * day, '5 d ago'],
])('formatAge: %d ms is %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});
