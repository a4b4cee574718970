import type { LineReading, Span } from './lineReading.ts';
import type { VisibleText } from './visibleText.ts';

/** Where the digits of a number stand, counted from the start of the line. Commas and a point may be among them. */
export interface ShapeNumber {
  readonly start: number;
  readonly end: number;
  /** Power of ten of the last digit, without the exponent. */
  readonly power: number;
  /** Where the digits of the exponent stand; equal when there are none. */
  readonly exponentStart: number;
  readonly exponentEnd: number;
  readonly negative: boolean;
  readonly negativeExponent: boolean;
}

/** A metric of a shape. */
export interface ShapeValue {
  readonly name: string;
  readonly number: ShapeNumber;
  readonly inverse: boolean;
}

/** All lines that differ from one only in which digits they have, but not where, and what the digits mean. */
export interface LineShape {
  /** The line with a zero for each digit that may be another. */
  readonly text: string;
  /** Offsets of those digits. */
  readonly free: readonly number[];
  readonly rank: ShapeNumber | null;
  readonly step: ShapeNumber | null;
  readonly epoch: ShapeNumber | null;
  readonly values: readonly ShapeValue[];
}

/** With so many digits every number is exact. */
const exactDigits = 15;
const parts =
  /^(?<sign>[+-]?)(?<whole>[\d,]*)(?:\.(?<fraction>\d*))?(?:[eE](?<exponentSign>[+-]?)(?<exponent>\d{1,2}))?$/u;

/**
 * The shape of a line that was read; undefined when a number in it is `nan` or infinite, has an escape sequence within, or too many
 * digits for arithmetic to give what reading its text would.
 * @param source The line as it is in the log, one character a byte.
 */
export function lineShape(source: string, visible: VisibleText, reading: LineReading): LineShape | undefined {
  const { rank, step, epoch, values, fixed } = reading;
  const numbers = new Map<Span, ShapeNumber>();
  for (const span of [rank, step, epoch, ...values.map((value) => value.span)].filter((span) => span !== null)) {
    const number = shapeNumber(span, visible);
    if (number === undefined) {
      return undefined;
    }
    numbers.set(span, number);
  }
  const numberOf = (span: Span | null): ShapeNumber | null => (span === null ? null : (numbers.get(span) ?? null));
  const free = freeDigits(
    source,
    fixed.map(({ start, end }) => ({ start: visible.sourceOffset(start), end: visible.sourceOffset(end) })),
  );
  const text = source.split('');
  for (const offset of free) {
    text[offset] = '0';
  }
  return {
    text: text.join(''),
    free,
    rank: numberOf(rank),
    step: numberOf(step),
    epoch: numberOf(epoch),
    values: values.flatMap(({ name, span, power, inverse }) => {
      const number = numberOf(span);
      return number === null ? [] : [{ name, number: { ...number, power: number.power + power }, inverse }];
    }),
  };
}

function freeDigits(source: string, fixed: readonly Span[]): number[] {
  return [...source.matchAll(/\d/gu)].flatMap(({ index }) =>
    fixed.some(({ start, end }) => index >= start && index < end) ? [] : [index],
  );
}

function shapeNumber({ start, end }: Span, visible: VisibleText): ShapeNumber | undefined {
  const text = visible.text.slice(start, end);
  const found = parts.exec(text)?.groups;
  if (found === undefined) {
    return undefined;
  }
  const { sign, fraction = '', exponentSign = '', exponent } = found;
  const sourceStart = visible.sourceOffset(start);
  const sourceEnd = sourceStart + text.length;
  const behindMantissa = exponent === undefined ? 0 : 1 + exponentSign.length + exponent.length;
  const digits = text.slice(0, text.length - behindMantissa).replaceAll(/\D/gu, '');
  if (digits.length > exactDigits || visible.sourceOffset(end - 1) !== sourceEnd - 1) {
    return undefined;
  }
  return {
    start: sourceStart,
    end: sourceEnd - behindMantissa,
    // Never -0, which would be slow to compute with.
    power: 0 - fraction.length,
    exponentStart: sourceEnd - (exponent?.length ?? 0),
    exponentEnd: sourceEnd,
    negative: sign === '-',
    negativeExponent: exponentSign === '-',
  };
}
