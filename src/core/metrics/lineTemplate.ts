import type { LineReading, Span } from './lineReading.ts';
import type { VisibleText } from './visibleText.ts';

/** A number of a template: which of its runs of digits make it. */
export interface TemplateNumber {
  /** Index of the run before the point; -1 for none. */
  readonly whole: number;
  readonly fraction: number;
  readonly exponent: number;
  readonly negative: boolean;
  readonly negativeExponent: boolean;
  /** For `nan` and `inf`, which have no digits. */
  readonly constant: number | null;
}

/** A metric of a template. */
export interface TemplateValue {
  readonly name: string;
  readonly number: TemplateNumber;
  readonly inverse: boolean;
}

/**
 * All lines that differ from one in their digits only: what stands between its runs of digits, and what the runs mean. Digits
 * that matter (those of a name) belong to what stands between.
 */
export interface LineTemplate {
  /** In the line that was read. One more than there are runs; only the first and the last may be empty. */
  readonly between: readonly Span[];
  readonly rank: TemplateNumber | null;
  readonly step: TemplateNumber | null;
  readonly epoch: TemplateNumber | null;
  readonly values: readonly TemplateValue[];
}

const parts =
  /^(?<sign>[+-]?)(?<whole>\d*)(?<point>\.?)(?<fraction>\d*)(?:[eE](?<exponentSign>[+-]?)(?<exponent>\d+))?$/u;

/** Of `ESC 7` the digit belongs to the sequence, of more digits only the first. */
const escapedDigit = /\u001b\d/u;

/**
 * The template of a line that was read; undefined when a number in it is more than digits, a point and an exponent, or an escape
 * sequence stands within.
 * @param source The line as it is in the log, one character a byte.
 */
export function lineTemplate(source: string, visible: VisibleText, reading: LineReading): LineTemplate | undefined {
  if (escapedDigit.test(source)) {
    return undefined;
  }
  const sourceSpan = ({ start, end }: Span): Span => ({
    start: visible.sourceOffset(start),
    end: end === start ? visible.sourceOffset(start) : visible.sourceOffset(end - 1) + 1,
  });
  const fixed = reading.fixed.map((span) => sourceSpan(span));
  const runs = digitRuns(source).filter((run) => !fixed.some(({ start, end }) => run.start < end && run.end > start));
  let complete = true;
  const numberAt = (span: Span): TemplateNumber => {
    const { start, end } = sourceSpan(span);
    const number = templateNumber(source.slice(start, end), start, runs);
    complete &&= number !== undefined && end - start === span.end - span.start;
    return number ?? constantNumber(Number.NaN);
  };
  const optional = (span: Span | null): TemplateNumber | null => (span === null ? null : numberAt(span));
  const template = {
    between: spansBetween(runs, source.length),
    rank: optional(reading.rank),
    step: optional(reading.step),
    epoch: optional(reading.epoch),
    values: reading.values.map(({ name, span, inverse }) => ({ name, number: numberAt(span), inverse })),
  };
  return complete ? template : undefined;
}

function digitRuns(source: string): Span[] {
  return [...source.matchAll(/\d+/gu)].map(({ index, 0: digits }) => ({ start: index, end: index + digits.length }));
}

function spansBetween(runs: readonly Span[], length: number): Span[] {
  const ends = [...runs.map(({ start }) => start), length];
  return ends.map((end, index) => ({ start: runs[index - 1]?.end ?? 0, end }));
}

function templateNumber(text: string, start: number, runs: readonly Span[]): TemplateNumber | undefined {
  const infinite = /^(?<sign>[+-]?)(?:inf|nan)/iu.exec(text);
  if (infinite !== null) {
    const size = text.toLowerCase().includes('nan') ? Number.NaN : Infinity;
    return constantNumber(infinite.groups?.['sign'] === '-' ? -size : size);
  }
  const found = parts.exec(text)?.groups;
  if (found === undefined) {
    return undefined;
  }
  const { sign = '', whole = '', point = '', fraction = '', exponentSign = '', exponent = '' } = found;
  const wholeStart = start + sign.length;
  const fractionStart = wholeStart + whole.length + point.length;
  // A run that is missing where there are digits is one that is fixed, or goes on beyond the number.
  const runAt = (at: number, digits: string): number | undefined =>
    digits === '' ? -1 : indexOfRun(runs, { start: at, end: at + digits.length });
  const wholeRun = runAt(wholeStart, whole);
  const fractionRun = runAt(fractionStart, fraction);
  const exponentRun = runAt(start + text.length - exponent.length, exponent);
  if (wholeRun === undefined || fractionRun === undefined || exponentRun === undefined) {
    return undefined;
  }
  return {
    whole: wholeRun,
    fraction: fractionRun,
    exponent: exponentRun,
    negative: sign === '-',
    negativeExponent: exponentSign === '-',
    constant: null,
  };
}

function indexOfRun(runs: readonly Span[], { start, end }: Span): number | undefined {
  const index = runs.findIndex((run) => run.start === start && run.end === end);
  return index === -1 ? undefined : index;
}

function constantNumber(constant: number): TemplateNumber {
  return { whole: -1, fraction: -1, exponent: -1, negative: false, negativeExponent: false, constant };
}
