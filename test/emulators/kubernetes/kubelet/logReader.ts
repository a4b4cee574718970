import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogFile } from './logFile.ts';

export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** Lines before this are left out; RFC 3339 text. */
  readonly since: string | null;
  readonly tailLines: number | null;
  readonly limitBytes: number | null;
}

/**
 * Writes a container's log the way the kubelet does: the current file only, from there on through rotations while it is
 * followed, until the container has ended.
 */
export async function readLog(
  log: LogFile,
  options: LogOptions,
  write: (bytes: Buffer) => boolean,
  signal: AbortSignal,
  endDelayMs: number,
): Promise<void> {
  const parser = new Parser(options, write);
  let fd = openSync(log.path, 'r');
  try {
    parser.start(options.tailLines === null ? 0 : tailStart(fd, options.tailLines));
    // The file that is open is read to its end though it has been moved away meanwhile.
    let isRotated = false;
    const onRotated = (): void => {
      isRotated = true;
    };
    log.on('rotated', onRotated);
    try {
      for (;;) {
        if (!parser.readAll(fd) || signal.aborted) {
          return;
        }
        if (isRotated) {
          isRotated = false;
          closeSync(fd);
          fd = openSync(log.path, 'r');
          parser.restart();
          continue;
        }
        if (!options.follow) {
          return;
        }
        if (log.isEnded) {
          await delay(endDelayMs);
          return;
        }
        await nextChange(log, signal);
      }
    } finally {
      log.off('rotated', onRotated);
    }
  } finally {
    closeSync(fd);
  }
}

async function nextChange(log: LogFile, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      log.off('grown', done).off('rotated', done).off('ended', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    log.on('grown', done).on('rotated', done).on('ended', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) {
      done();
    }
  });
}

/** Lines of the log file into what a client gets. */
class Parser {
  readonly #options: LogOptions;
  readonly #write: (bytes: Buffer) => boolean;
  #offset = 0;
  #rest = Buffer.alloc(0);
  #isNewLine = true;
  #bytesLeft: number;
  #linesLeft: number;

  constructor(options: LogOptions, write: (bytes: Buffer) => boolean) {
    this.#options = options;
    this.#write = write;
    this.#bytesLeft = options.limitBytes ?? Number.POSITIVE_INFINITY;
    // A log that is not followed ends after as many lines as it was asked for.
    this.#linesLeft = options.follow ? Number.POSITIVE_INFINITY : (options.tailLines ?? Number.POSITIVE_INFINITY);
  }

  start(offset: number): void {
    this.#offset = offset;
  }

  restart(): void {
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
  }

  /** Reads to the end of the file; false where no more is wanted. */
  readAll(fd: number): boolean {
    const buffer = Buffer.alloc(65_536);
    for (;;) {
      if (this.#linesLeft <= 0 || this.#bytesLeft <= 0) {
        return false;
      }
      const bytes = readSync(fd, buffer, 0, buffer.length, this.#offset);
      if (bytes === 0) {
        return true;
      }
      this.#offset += bytes;
      let rest = Buffer.concat([this.#rest, buffer.subarray(0, bytes)]);
      const parts: Buffer[] = [];
      for (let feed = rest.indexOf(10); feed >= 0; feed = rest.indexOf(10)) {
        parts.push(...this.#take(rest.subarray(0, feed)));
        rest = rest.subarray(feed + 1);
        if (this.#linesLeft <= 0 || this.#bytesLeft <= 0) {
          break;
        }
      }
      this.#rest = Buffer.from(rest);
      if (parts.length > 0 && !this.#write(Buffer.concat(parts))) {
        return false;
      }
    }
  }

  #take(line: Buffer): Buffer[] {
    const header = line.subarray(0, 48).toString('latin1').split(' ');
    const [time = '', stream = '', tag = ''] = header;
    const text = line.subarray(time.length + stream.length + tag.length + 3);
    const content = tag === 'F' ? Buffer.concat([text, Buffer.from('\n')]) : text;
    if (this.#options.since !== null && time < this.#options.since) {
      return [];
    }
    const whole =
      this.#options.timestamps && this.#isNewLine ? Buffer.concat([Buffer.from(`${time} `), content]) : content;
    this.#isNewLine = tag === 'F' || content.length === 0;
    const part = whole.subarray(0, this.#bytesLeft);
    this.#bytesLeft -= part.length;
    this.#linesLeft -= 1;
    return [part];
  }
}

/** Where the last lines of a file begin. */
function tailStart(fd: number, lines: number): number {
  const buffer = Buffer.alloc(65_536);
  const starts: number[] = [0];
  let offset = 0;
  for (let bytes = readSync(fd, buffer, 0, buffer.length, 0); bytes > 0;) {
    for (let index = buffer.indexOf(10); index >= 0 && index < bytes; index = buffer.indexOf(10, index + 1)) {
      starts.push(offset + index + 1);
    }
    offset += bytes;
    bytes = readSync(fd, buffer, 0, buffer.length, offset);
  }
  return starts[Math.max(0, starts.length - 1 - lines)] ?? 0;
}
