import type { LineShape } from './lineShape.ts';
import type { PointSink } from './metricPoint.ts';
import { ShapeReader } from './shapeReader.ts';

const newline = 10;
const mostNodes = 1 << 16;
/**
 * A node is eight bytes of a line, as two words: `(word & mask) === expected`, and the same again after the digits were carried: of a
 * byte that may be any digit (0x30 to 0x39) the mask keeps the high half, and adding 6 moves what is not one (0x3a to 0x3f) out of
 * it. The node for the bytes behind is the next one in memory; others for these bytes are chained by `beside`. A first mask of nothing
 * marks the end of a line: then its length is expected, and the second mask is the index of its reader.
 */
const firstMask = 0;
const secondMask = 1;
const firstExpected = 2;
const secondExpected = 3;
const beside = 4;
const cells = 5;
const none = -1;
const nodeBytes = 8;
const wordBytes = 4;
const sixes = 0x06_06_06_06;

/** Where the reading of pieces stopped. */
export interface PiecesRead {
  /** Where the piece begins that has to be read another way, or the end. */
  readonly end: number;
  /** How many lines ended before it. */
  readonly lines: number;
}

/**
 * The shapes of the lines seen so far. A line that has one is recognised eight bytes at a time. Bounded: when there are too many
 * shapes all are forgotten.
 */
export class ShapeTree {
  readonly #sink: PointSink;
  readonly #nodes = new Int32Array(mostNodes * cells);
  readonly #readers: ShapeReader[] = [];
  #end = 0;

  constructor(sink: PointSink) {
    this.#sink = sink;
  }

  /**
   * Reads pieces of lines (they end at `\n` or `\r`) from `start` on while their shapes are known, and gives their points to the
   * sink.
   * @param end Behind the end of a piece.
   * @param line Number of the line at `start`.
   */
  read(bytes: Uint8Array, start: number, end: number, line: number): PiecesRead {
    const nodes = this.#nodes;
    const readers = this.#readers;
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Words may reach beyond the end: what is there is masked.
    // Words may reach beyond the end: what is there is masked.
    const last = bytes.length - nodeBytes;
    const root = this.#end === 0 || start >= end ? none : 0;
    let lines = 0;
    let pieceStart = start;
    let at = start;
    let node = root;
    while (node !== none && at <= last) {
      const first = words.getInt32(at, true);
      const second = words.getInt32(at + wordBytes, true);
      const mask = nodes[node + firstMask] ?? 0;
      const mask2 = nodes[node + secondMask] ?? 0;
      const expected = nodes[node + firstExpected] ?? 0;
      const expected2 = nodes[node + secondExpected] ?? 0;
      const differs = ((first & mask) ^ expected) | ((second & mask2) ^ expected2);
      const carried = ((first + (~mask & sixes)) & mask) ^ expected;
      const carried2 = ((second + (~mask2 & sixes)) & mask2) ^ expected2;
      if ((differs | carried | carried2) === 0) {
        at += nodeBytes;
        node += cells;
      } else if (mask === 0) {
        readers[mask2]?.read(bytes, pieceStart, line + lines);
        pieceStart += expected;
        lines += bytes[pieceStart - 1] === newline ? 1 : 0;
        at = pieceStart;
        node = pieceStart < end ? root : none;
      } else {
        node = nodes[node + beside] ?? none;
      }
    }
    return { end: pieceStart, lines };
  }

  /** @param piece The piece of a line that the shape is of, with the byte that ends it. */
  learn(shape: LineShape, piece: Uint8Array): void {
    const path = pathOf(shape, piece, this.#readers.length);
    if (this.#end + path.length > this.#nodes.length) {
      this.#readers.length = 0;
      this.#end = 0;
      this.learn(shape, piece);
      return;
    }
    const nodes = this.#nodes;
    let node = this.#end === 0 ? none : 0;
    let head = node;
    let known = 0;
    while (node !== none) {
      if (nodes[node + firstMask] === 0) {
        return;
      }
      if (isSameNode(nodes, node, path, known)) {
        known += cells;
        node += cells;
        head = node;
      } else {
        node = nodes[node + beside] ?? none;
      }
    }
    nodes.set(path.subarray(known), this.#end);
    if (head !== none) {
      // Before the older ones: as steps gain digits, lines of a new shape take over.
      nodes[this.#end + beside] = nodes[head + beside] ?? none;
      nodes[head + beside] = this.#end;
    }
    this.#end += path.length - known;
    this.#readers.push(new ShapeReader(shape, this.#sink));
  }
}

/** The nodes of one shape, from its first bytes to its end. */
function pathOf({ free }: LineShape, piece: Uint8Array, reader: number): Int32Array {
  const count = Math.ceil(piece.length / nodeBytes);
  const masks = new Uint8Array(count * nodeBytes).fill(0xff, 0, piece.length);
  const bytes = new Uint8Array(count * nodeBytes);
  bytes.set(piece);
  for (const offset of free) {
    masks[offset] = 0xf0;
    bytes[offset] = 0x30;
  }
  const maskWords = new DataView(masks.buffer);
  const words = new DataView(bytes.buffer);
  const path = new Int32Array((count + 1) * cells);
  for (let node = 0; node < count; node += 1) {
    const at = node * nodeBytes;
    const [mask, mask2] = [maskWords.getInt32(at, true), maskWords.getInt32(at + wordBytes, true)];
    path.set([mask, mask2, words.getInt32(at, true), words.getInt32(at + wordBytes, true), none], node * cells);
  }
  path.set([0, reader, piece.length, 0, none], count * cells);
  return path;
}

function isSameNode(nodes: Int32Array, node: number, path: Int32Array, at: number): boolean {
  return [firstMask, secondMask, firstExpected, secondExpected].every((cell) => nodes[node + cell] === path[at + cell]);
}
