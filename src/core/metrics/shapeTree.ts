import type { LineShape, ShapeNumber } from './lineShape.ts';
import type { KnownKind, RecordWriter } from './recordWriter.ts';
import { createWalk, type WalkFunctions } from './shapeWalk.ts';

/** More is not looked at together, in bytes. */
export const windowBytes = 256 * 1024;

const mostNodes = 1 << 16;
const mostReaders = 1 << 14;
/**
 * A node is sixteen bytes of a line: `(bytes & mask) === expected`, and the same again after the digits were carried: of a byte that
 * may be any digit (0x30 to 0x39) the mask keeps the high half, and adding 6 moves what is not one (0x3a to 0x3f) out of it. The
 * node for the bytes behind is the next one in memory; others for these bytes are chained by `beside`, an address. The node at the
 * end of a line is like no bytes, and has its length and its reader.
 */
const nodeBytes = 48;
const wordBytes = 16;
const expectedAt = 16;
const besideAt = 32;
const readerAt = 36;
const lengthAt = 40;
const numberCells = 8;
const cellBytes = 4;
/** Powers of ten up to this one are exact. */
const exactPower = 22;

/** Addresses. */
const stateAt = 0;
const powersAt = 64;
/** By reader, where its plan lies; the plans come behind. */
const plansAt = 256;
const plansEnd = plansAt + 1_024 * 1_024;
const nodesAt = plansEnd;
const nodesEnd = nodesAt + mostNodes * nodeBytes;
const recordsAt = nodesEnd;
const recordsEnd = recordsAt + windowBytes;
const inputAt = recordsEnd;
const memoryBytes = inputAt + windowBytes + 2 * wordBytes;

/** Where the reading of pieces stopped. */
export interface PiecesRead {
  /** Where the piece begins that has to be read another way, or the end. */
  readonly end: number;
  /** How many lines ended before it. */
  readonly lines: number;
}

/**
 * The shapes of the lines seen so far. A line that has one is recognised sixteen bytes at a time. Bounded: when there are too many
 * shapes all are forgotten.
 */
export class ShapeTree {
  readonly #records: RecordWriter;
  readonly #source: number;
  readonly #functions: WalkFunctions;
  readonly #memory: DataView;
  readonly #input: Uint8Array;
  readonly #state: Int32Array;
  readonly #written: Float64Array;
  /** What the lines of each shape say. */
  readonly #kinds: KnownKind[] = [];
  #nodesEnd = nodesAt;
  #plansEnd = plansAt + mostReaders * cellBytes;
  #length = 0;

  /** `source`: of the lines, for their records. */
  constructor(records: RecordWriter, source: number) {
    const { memory, functions } = createWalk(memoryBytes);
    this.#records = records;
    this.#source = source;
    this.#functions = functions;
    this.#memory = new DataView(memory);
    this.#input = new Uint8Array(memory, inputAt, windowBytes);
    this.#state = new Int32Array(memory, stateAt, 3);
    this.#written = new Float64Array(memory, recordsAt, windowBytes / Float64Array.BYTES_PER_ELEMENT);
    const powers = new Float64Array(memory, powersAt, exactPower + 1);
    powers.set(Array.from(powers, (_, power) => Number(`1e${power}`)));
  }

  /** Pieces of lines that are to be read, at most `windowBytes`; each ends at `\n` or `\r`. */
  load(pieces: Uint8Array): void {
    this.#input.set(pieces);
    this.#length = pieces.length;
  }

  /**
   * Reads the loaded pieces from `start` on while their shapes are known, and writes down their points.
   * @param line Number of the line at `start`.
   */
  read(start: number, line: number): PiecesRead {
    let end = start;
    let lines = 0;
    for (let cells = 1; cells > 0 && end < this.#length && this.#nodesEnd > nodesAt;) {
      this.#functions.walk(
        inputAt + end,
        inputAt + this.#length,
        nodesAt,
        plansAt,
        powersAt,
        recordsAt,
        recordsEnd,
        line + lines,
        stateAt,
      );
      const [stop = 0, ended = 0, recordEnd = 0] = this.#state;
      end = stop - inputAt;
      lines += ended;
      cells = (recordEnd - recordsAt) / Float64Array.BYTES_PER_ELEMENT;
      this.#records.addAll(this.#written.subarray(0, cells), this.#kinds);
    }
    return { end, lines };
  }

  /** @param piece The piece of a line that the shape is of, with the byte that ends it. */
  learn(shape: LineShape, piece: Uint8Array): void {
    const path = pathOf(shape, piece, this.#kinds.length);
    const plan = planOf(shape);
    const isFull =
      this.#nodesEnd + path.byteLength > nodesEnd ||
      this.#plansEnd + plan.byteLength > plansEnd ||
      this.#kinds.length === mostReaders;
    if (isFull) {
      this.#kinds.length = 0;
      this.#nodesEnd = nodesAt;
      this.#plansEnd = plansAt + mostReaders * cellBytes;
      this.learn(shape, piece);
      return;
    }
    const memory = this.#memory;
    let node = this.#nodesEnd === nodesAt ? 0 : nodesAt;
    let head = node;
    let known = 0;
    while (node !== 0) {
      if (memory.getInt32(node + lengthAt, true) > 0) {
        return;
      }
      if (isSameNode(memory, node, path, known)) {
        known += nodeBytes;
        node += nodeBytes;
        head = node;
      } else {
        node = memory.getInt32(node + besideAt, true);
      }
    }
    const bytes = new Uint8Array(memory.buffer);
    bytes.set(new Uint8Array(path.buffer, known), this.#nodesEnd);
    if (head !== 0) {
      // Before the older ones: as steps gain digits, lines of a new shape take over.
      memory.setInt32(this.#nodesEnd + besideAt, memory.getInt32(head + besideAt, true), true);
      memory.setInt32(head + besideAt, this.#nodesEnd, true);
    }
    this.#nodesEnd += path.byteLength - known;
    memory.setInt32(plansAt + this.#kinds.length * cellBytes, this.#plansEnd - plansAt, true);
    bytes.set(new Uint8Array(plan.buffer), this.#plansEnd);
    this.#plansEnd += plan.byteLength;
    this.#kinds.push(
      this.#records.kind({
        names: shape.values.map(({ name }) => name),
        hasRank: shape.rank !== null,
        hasStep: shape.step !== null,
        hasEpoch: shape.epoch !== null,
        source: this.#source,
      }),
    );
  }
}

/** The nodes of one shape, from its first bytes to its end. */
function pathOf({ free }: LineShape, piece: Uint8Array, reader: number): DataView<ArrayBuffer> {
  const count = Math.ceil(piece.length / wordBytes);
  const masks = new Uint8Array(count * wordBytes).fill(0xff, 0, piece.length);
  const bytes = new Uint8Array(count * wordBytes);
  bytes.set(piece);
  for (const offset of free) {
    masks[offset] = 0xf0;
    bytes[offset] = 0x30;
  }
  const path = new Uint8Array((count + 1) * nodeBytes);
  for (let node = 0; node < count; node += 1) {
    path.set(masks.subarray(node * wordBytes, (node + 1) * wordBytes), node * nodeBytes);
    path.set(bytes.subarray(node * wordBytes, (node + 1) * wordBytes), node * nodeBytes + expectedAt);
  }
  const view = new DataView(path.buffer);
  const end = count * nodeBytes;
  path.fill(0xff, end + expectedAt, end + expectedAt + wordBytes);
  view.setInt32(end + readerAt, reader, true);
  view.setInt32(end + lengthAt, piece.length, true);
  return view;
}

/** Are the bytes of two nodes the same? */
function isSameNode(memory: DataView, node: number, path: DataView, at: number): boolean {
  for (let offset = 0; offset < besideAt; offset += Int32Array.BYTES_PER_ELEMENT) {
    if (memory.getInt32(node + offset, true) !== path.getInt32(at + offset, true)) {
      return false;
    }
  }
  return true;
}

/** What to read where: how many values, then the numbers. A number that is not printed is empty. */
function planOf({ rank, step, epoch, values }: LineShape): Int32Array<ArrayBuffer> {
  const numbers = [
    ...[rank, step, epoch].map((number) => numberPlan(number, false)),
    ...values.map(({ number, inverse }) => numberPlan(number, inverse)),
  ];
  return Int32Array.from([values.length, ...numbers.flat()]);
}

function numberPlan(number: ShapeNumber | null, inverse: boolean): readonly number[] {
  if (number === null) {
    return Array.from({ length: numberCells }, () => 0);
  }
  const { start, end, power, exponentStart, exponentEnd, negative, negativeExponent } = number;
  const signs = [negative ? -1 : 1, negativeExponent ? -1 : 1];
  return [start, end, power, exponentStart, exponentEnd, ...signs, inverse ? 1 : 0];
}
