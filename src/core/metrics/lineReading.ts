import type { NameKind } from './metricName.ts';

/** A piece of a line: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A metric's name and where in the line its value stands. */
export interface ReadValue {
  readonly name: string;
  readonly span: Span;
  /** Of ten, that the printed number is multiplied with: 3 for `41.2k`. */
  readonly power: number;
  /** The value is what one unit takes (`2.5s/it`), the metric how many there are in one. */
  readonly inverse: boolean;
}

/**
 * What a line says and where, so that a line which differs in its digits only can be read without being understood again. The
 * rules that make readings therefore look neither at how many digits a run has nor at which, except within `fixed`.
 */
export interface LineReading {
  readonly rank: Span | null;
  readonly step: Span | null;
  readonly epoch: Span | null;
  readonly values: readonly ReadValue[];
  /** Where the digits mattered: names, and commas that may part thousands. */
  readonly fixed: readonly Span[];
}

/** What a reader of one format found. A value is a candidate until the line as a whole is known to carry metrics. */
export interface Candidate extends ReadValue {
  readonly kind: NameKind;
  /** `=` or `:` stands between name and value. Without one, only names that are known count. */
  readonly separated: boolean;
  /** Like `trainer:120`, a line of a program, or `Train: 0`, an epoch. Then the name has to be sure. */
  readonly tight: boolean;
}
