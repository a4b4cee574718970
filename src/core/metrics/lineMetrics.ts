import type { ReadValue } from './lineReading.ts';
import { printedNumber } from './printedNumber.ts';
import { readLine } from './readLine.ts';

/** The metrics of one line. */
export interface LineMetrics {
  readonly rank: number | null;
  readonly step: number | null;
  readonly epoch: number | null;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

/**
 * The metrics that one visible line shows: without escape sequences and line end, and of a line that rewrites itself one version.
 * A name comes once. When in doubt there are none.
 */
export function lineMetrics(text: string): LineMetrics {
  const { rank, step, epoch, values } = readLine(text);
  const number = (span: { start: number; end: number } | null): number | null =>
    span === null ? null : printedNumber(text.slice(span.start, span.end));
  return {
    rank: number(rank),
    step: number(step),
    epoch: number(epoch),
    values: values.map((value) => evaluated(text, value)),
  };
}

function evaluated(text: string, { name, span, power, inverse }: ReadValue): { name: string; value: number } {
  const value = printedNumber(text.slice(span.start, span.end), power);
  return { name, value: inverse ? 1 / value : value };
}
