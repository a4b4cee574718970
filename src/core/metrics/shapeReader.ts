import type { LineShape, ShapeNumber } from './lineShape.ts';
import type { PointReceiver, PointSink } from './metricPoint.ts';

const zero = 48;
const mostRanks = 4096;
const noRank = -1;
/** Powers of ten up to this one are exact. */
const exactPower = 22;
const powers = Float64Array.from({ length: exactPower + 1 }, (_, power) => Number(`1e${power}`));

/** Cells of a number in a plan. */
const start = 0;
const end = 1;
const power = 2;
const exponentStart = 3;
const exponentEnd = 4;
const sign = 5;
const exponentSign = 6;
const cells = 7;
/** Places of numbers in a plan; the values come behind. */
const rankAt = 0;
const stepAt = cells;
const epochAt = 2 * cells;
const valuesAt = 3 * cells;

type Receivers = readonly (PointReceiver | undefined)[];

/** Reads the numbers of lines of one shape. */
export class ShapeReader {
  readonly #shape: LineShape;
  readonly #sink: PointSink;
  /** What to read where, in flat memory because this is where the time goes. */
  readonly #plan: Int32Array;
  readonly #ranks = new Map<number, Receivers>();
  #lastRank = Number.NaN;
  #lastReceivers: Receivers = [];

  constructor(shape: LineShape, sink: PointSink) {
    this.#shape = shape;
    this.#sink = sink;
    const { rank, step, epoch, values } = shape;
    this.#plan = Int32Array.from(
      [rank, step, epoch, ...values.map(({ number }) => number)].flatMap((number) => planOf(number)),
    );
  }

  /** Gives the points of the line that begins at `lineStart` to the sink. */
  read(bytes: Uint8Array, lineStart: number, line: number): void {
    const { values, rank, step, epoch } = this.#shape;
    const plan = this.#plan;
    if (plan.length === valuesAt) {
      return;
    }
    const receivers = this.#receivers(rank === null ? noRank : numberAt(bytes, lineStart, plan, rankAt));
    const atStep = step === null ? null : numberAt(bytes, lineStart, plan, stepAt);
    const atEpoch = epoch === null ? null : numberAt(bytes, lineStart, plan, epochAt);
    for (let index = 0; index < values.length; index += 1) {
      const value = numberAt(bytes, lineStart, plan, valuesAt + index * cells);
      receivers[index]?.add(values[index]?.inverse === true ? 1 / value : value, atStep, atEpoch, line);
    }
  }

  #receivers(rank: number): Receivers {
    if (this.#lastRank !== rank) {
      const known = this.#ranks.get(rank);
      const receivers =
        known ?? this.#shape.values.map(({ name }) => this.#sink.receiver(name, rank === noRank ? null : rank));
      if (known === undefined && this.#ranks.size < mostRanks) {
        this.#ranks.set(rank, receivers);
      }
      this.#lastRank = rank;
      this.#lastReceivers = receivers;
    }
    return this.#lastReceivers;
  }
}

function planOf(number: ShapeNumber | null): number[] {
  if (number === null) {
    return Array.from({ length: cells }, () => 0);
  }
  const { negative, negativeExponent } = number;
  const places = [number.start, number.end, number.power, number.exponentStart, number.exponentEnd];
  return [...places, negative ? -1 : 1, negativeExponent ? -1 : 1];
}

function numberAt(bytes: Uint8Array, lineStart: number, plan: Int32Array, at: number): number {
  const digits = digitsIn(bytes, lineStart + (plan[at + start] ?? 0), lineStart + (plan[at + end] ?? 0));
  let scale = plan[at + power] ?? 0;
  const from = plan[at + exponentStart] ?? 0;
  const to = plan[at + exponentEnd] ?? 0;
  if (from < to) {
    scale += digitsIn(bytes, lineStart + from, lineStart + to) * (plan[at + exponentSign] ?? 1);
  }
  return scaled(digits, scale) * (plan[at + sign] ?? 1);
}

/** Signs, points and commas are passed over. */
function digitsIn(bytes: Uint8Array, start: number, end: number): number {
  let digits = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit >= 0) {
      digits = digits * 10 + digit;
    }
  }
  return digits;
}

/** Rounds once, as reading the number's text would: digits and powers are exact. Beyond that the text is read. */
function scaled(digits: number, power: number): number {
  if (power < -exactPower || power > exactPower) {
    return Number(`${digits}e${power}`);
  }
  if (power === 0) {
    return digits;
  }
  return power < 0 ? digits / (powers[-power] ?? 1) : digits * (powers[power] ?? 1);
}
