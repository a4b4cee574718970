import { EventEmitter } from 'node:events';
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ClusterClock, nanosText } from '../clock.ts';

type Stream = 'stdout' | 'stderr';

/** containerd's `max_container_log_line_size`, in bytes: a longer line is written in parts. */
const lineLimit = 16_384;

/**
 * The log of one container instance as containerd writes it: `<time> <stream> <F or P> <text>`, one line each; what is not
 * a full line (too long, or the last without a line feed) is `P`. Emits `grown`, `rotated` and `ended`.
 */
export class LogFile extends EventEmitter {
  readonly path: string;
  readonly #clock: ClusterClock;
  readonly #rotateBytes: number;
  #fd: number;
  #bytes = 0;
  #rotations = 0;
  #isEnded = false;
  readonly #pending: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  constructor(path: string, clock: ClusterClock, rotateBytes: number) {
    super();
    this.setMaxListeners(0);
    this.path = path;
    this.#clock = clock;
    this.#rotateBytes = rotateBytes;
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, 'a');
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  write(stream: Stream, chunk: Buffer): void {
    let rest = Buffer.concat([this.#pending[stream], chunk]);
    const lines: Buffer[] = [];
    for (;;) {
      const feed = rest.indexOf(10);
      if (feed >= 0 && feed <= lineLimit) {
        lines.push(this.#line(stream, 'F', rest.subarray(0, feed)));
        rest = rest.subarray(feed + 1);
      } else if (rest.length > lineLimit) {
        lines.push(this.#line(stream, 'P', rest.subarray(0, lineLimit)));
        rest = rest.subarray(lineLimit);
      } else {
        break;
      }
    }
    this.#pending[stream] = rest;
    this.#append(lines);
  }

  /** The stream is closed: what is left of it is written as it is. */
  flush(stream: Stream): void {
    const rest = this.#pending[stream];
    this.#pending[stream] = Buffer.alloc(0);
    if (rest.length > 0) {
      this.#append([this.#line(stream, 'P', rest)]);
    }
  }

  end(): void {
    if (!this.#isEnded) {
      this.#isEnded = true;
      closeSync(this.#fd);
      this.emit('ended');
    }
  }

  /** Moves the file away and begins another, as the kubelet does with a large one. */
  rotate(): void {
    if (this.#isEnded) {
      return;
    }
    this.#rotations += 1;
    closeSync(this.#fd);
    const stamp = new Date(this.#clock.now())
      .toISOString()
      .replaceAll(/[-:]/gu, '')
      .replace(/\..*/u, '')
      .replace('T', '-');
    const rotated = `${this.path}.${stamp}.${this.#rotations}`;
    renameSync(this.path, rotated);
    this.#fd = openSync(this.path, 'a');
    this.#bytes = 0;
    this.emit('rotated', rotated);
  }

  #line(stream: Stream, tag: 'F' | 'P', text: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${nanosText(this.#clock.nanos())} ${stream} ${tag} `), text, Buffer.from('\n')]);
  }

  #append(lines: readonly Buffer[]): void {
    if (lines.length === 0) {
      return;
    }
    const bytes = Buffer.concat(lines);
    writeSync(this.#fd, bytes);
    this.#bytes += bytes.length;
    this.emit('grown');
    if (this.#bytes > this.#rotateBytes) {
      this.rotate();
    }
  }
}
