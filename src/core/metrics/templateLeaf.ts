import type { LineTemplate, TemplateNumber } from './lineTemplate.ts';
import type { PointReceiver, PointSink } from './metricPoint.ts';

const zero = 48;
const mostRanks = 4096;
const noRank = -1;
/** With so many digits every number is exact; so are the powers of ten up to this one. */
const exactDigits = 15;
const exactPower = 22;
const powers = Float64Array.from({ length: exactPower + 1 }, (_, power) => Number(`1e${power}`));

type Receivers = readonly (PointReceiver | undefined)[];

/** What to do with a line that has a template. */
export class TemplateLeaf {
  readonly #template: LineTemplate;
  readonly #sink: PointSink;
  readonly #numbers: readonly TemplateNumber[];
  readonly #ranks = new Map<number, Receivers>();
  #lastRank = Number.NaN;
  #lastReceivers: Receivers = [];

  constructor(template: LineTemplate, sink: PointSink) {
    this.#template = template;
    this.#sink = sink;
    const { rank, step, epoch, values } = template;
    const counters = [rank, step, epoch].filter((number) => number !== null);
    this.#numbers = values.length === 0 ? [] : [...counters, ...values.map(({ number }) => number)];
  }

  /**
   * Gives the points of a line to the sink.
   * @param starts Where its runs of digits begin, and `ends` where they end.
   * @returns False, and nothing is given, when a number has too many digits for the quick way.
   */
  emit(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, line: number): boolean {
    const { values, rank, step, epoch } = this.#template;
    for (const number of this.#numbers) {
      if (!isExact(number, starts, ends)) {
        return false;
      }
    }
    if (values.length > 0) {
      const receivers = this.#receivers(rank === null ? noRank : numberIn(bytes, starts, ends, rank));
      const at = step === null ? null : numberIn(bytes, starts, ends, step);
      const epochAt = epoch === null ? null : numberIn(bytes, starts, ends, epoch);
      for (let index = 0; index < values.length; index += 1) {
        const value = values[index];
        if (value !== undefined) {
          const number = numberIn(bytes, starts, ends, value.number);
          receivers[index]?.add(value.inverse ? 1 / number : number, at, epochAt, line);
        }
      }
    }
    return true;
  }

  #receivers(rank: number): Receivers {
    if (this.#lastRank !== rank) {
      const known = this.#ranks.get(rank);
      const receivers =
        known ?? this.#template.values.map(({ name }) => this.#sink.receiver(name, rank === noRank ? null : rank));
      if (known === undefined && this.#ranks.size < mostRanks) {
        this.#ranks.set(rank, receivers);
      }
      this.#lastRank = rank;
      this.#lastReceivers = receivers;
    }
    return this.#lastReceivers;
  }
}

/** Is one multiplication or division of exact numbers enough, which rounds as reading the text would? */
function isExact({ whole, fraction, exponent }: TemplateNumber, starts: Int32Array, ends: Int32Array): boolean {
  let digits = whole === -1 ? 0 : (ends[whole] ?? 0) - (starts[whole] ?? 0);
  digits += fraction === -1 ? 0 : (ends[fraction] ?? 0) - (starts[fraction] ?? 0);
  return digits <= exactDigits && (exponent === -1 || (ends[exponent] ?? 0) - (starts[exponent] ?? 0) <= 2);
}

function numberIn(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, number: TemplateNumber): number {
  const { whole, fraction, exponent, negative, negativeExponent, constant } = number;
  if (constant !== null) {
    return constant;
  }
  let digits = whole === -1 ? 0 : digitsIn(bytes, starts[whole] ?? 0, ends[whole] ?? 0, 0);
  let power = 0;
  if (fraction !== -1) {
    const start = starts[fraction] ?? 0;
    const end = ends[fraction] ?? 0;
    digits = digitsIn(bytes, start, end, digits);
    power = start - end;
  }
  if (exponent !== -1) {
    const size = digitsIn(bytes, starts[exponent] ?? 0, ends[exponent] ?? 0, 0);
    power += negativeExponent ? -size : size;
  }
  const size = scaled(digits, power);
  return negative ? -size : size;
}

/** The digits from `start` up to `end`, appended to those of `before`. */
function digitsIn(bytes: Uint8Array, start: number, end: number, before: number): number {
  let digits = before;
  for (let at = start; at < end; at += 1) {
    digits = digits * 10 + ((bytes[at] ?? zero) - zero);
  }
  return digits;
}

function scaled(digits: number, power: number): number {
  if (power === 0) {
    return digits;
  }
  if (power < 0) {
    return power < -exactPower ? Number(`${digits}e${power}`) : digits / (powers[-power] ?? 1);
  }
  return power > exactPower ? Number(`${digits}e${power}`) : digits * (powers[power] ?? 1);
}
