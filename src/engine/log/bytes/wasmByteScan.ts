import { bufferBytes, type ByteScan, mostBytes, type VisibleLines } from './byteScan.ts';
import { byteScanCode } from './byteScanCode.ts';
import type { NeedleSet } from './needles.ts';

/** The part of WebAssembly that is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    code: object,
    imports: { readonly env: { readonly memory: Memory } },
  ) => {
    readonly exports: Functions;
  };
};
interface Memory {
  readonly buffer: ArrayBuffer;
}

/** See byteScan.as. */
interface Functions {
  countLineFeeds(at: number, end: number): number;
  copyVisible(at: number, end: number, to: number): number;
  linesWith(at: number, end: number, needles: number, found: number, scratch: number, to: number): number;
  endOfCopy(): number;
}

/** Vectors may reach beyond what they are about. */
const slack = 64;
const needlesAt = 0;
/** A line as it is seen; a line feed before it. */
const scratchAt = 65_536 + slack;
/** What has to be copied in. A line feed before it. */
const inputAt = scratchAt + mostBytes + 2 * slack;
const visibleAt = inputAt + mostBytes + slack;
/** Line numbers, four bytes each; with what is found in it a line has at least two. */
const foundAt = visibleAt + mostBytes + slack;
const firstBuffer = foundAt + 2 * mostBytes + slack;
const bufferStep = bufferBytes + slack;
const pageBytes = 65_536;
const pages = Math.ceil((firstBuffer + 2 * bufferStep) / pageBytes);

let code: object | null | undefined;

function compiled(): object | null {
  try {
    return new WebAssembly.Module(Buffer.from(byteScanCode, 'base64'));
  } catch {
    // This processor, or this build of Node, has no vector instructions.
    return null;
  }
}

export class WasmByteScan implements ByteScan {
  readonly buffers: readonly [Buffer, Buffer];
  readonly #memory: ArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #functions: Functions;
  /** The needles that lie in the memory. */
  #packed: Uint8Array | undefined;

  private constructor(module: object) {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#memory = memory.buffer;
    this.#bytes = new Uint8Array(this.#memory);
    this.#functions = new WebAssembly.Instance(module, { env: { memory } }).exports;
    const buffer = (index: number): Buffer => this.#part(firstBuffer + index * bufferStep, bufferBytes);
    this.buffers = [buffer(0), buffer(1)];
  }

  /** undefined where it cannot run. */
  static create(): WasmByteScan | undefined {
    code ??= compiled();
    return code === null ? undefined : new WasmByteScan(code);
  }

  countLineFeeds(bytes: Uint8Array): number {
    let count = 0;
    for (let done = 0; done < bytes.byteLength; done += mostBytes) {
      const part = bytes.subarray(done, done + mostBytes);
      const at = this.#place(part);
      count += this.#functions.countLineFeeds(at, at + part.byteLength);
    }
    return count;
  }

  visible(lines: Uint8Array): Buffer {
    const at = this.#place(lines);
    return this.#part(visibleAt, this.#functions.copyVisible(at, at + lines.byteLength, visibleAt) - visibleAt);
  }

  linesWith(lines: Uint8Array, needles: NeedleSet): Uint32Array {
    return this.#linesWith(lines, needles, 0);
  }

  visibleWith(lines: Uint8Array, needles: NeedleSet): VisibleLines {
    const numbers = this.#linesWith(lines, needles, visibleAt);
    return { numbers, visible: this.#part(visibleAt, this.#functions.endOfCopy() - visibleAt) };
  }

  #linesWith(lines: Uint8Array, { packed }: NeedleSet, to: number): Uint32Array {
    if (packed !== this.#packed) {
      this.#bytes.set(packed, needlesAt);
      this.#packed = packed;
    }
    const at = this.#place(lines);
    const before = this.#bytes[at - 1] ?? 0;
    this.#bytes[at - 1] = 10;
    const count = this.#functions.linesWith(at, at + lines.byteLength, needlesAt, foundAt, scratchAt, to);
    this.#bytes[at - 1] = before;
    return new Uint32Array(this.#memory, foundAt, count);
  }

  /** Where the bytes lie in this memory; they are copied there unless they are there already. */
  #place(bytes: Uint8Array): number {
    if (bytes.buffer === this.#memory) {
      return bytes.byteOffset;
    }
    this.#bytes.set(bytes, inputAt);
    return inputAt;
  }

  #part(at: number, length: number): Buffer {
    return Buffer.from(this.#memory, at, length);
  }
}
