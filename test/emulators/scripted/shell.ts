import type { TerminalSize } from '../../../src/core/provider.ts';
import { scriptedLength } from './scriptedBytes.ts';

const text = (bytes: readonly number[]): string => Buffer.from(bytes).toString('utf8');

/** A terminal of the backend: it echoes what is typed and knows `rev TEXT`, `stty size` and `exit N`. */
export class ScriptedShell {
  readonly #prompt: string;
  readonly #chunkBytes: number;
  readonly #printed: number[] = [];
  #line: number[] = [];
  #size: TerminalSize;
  #wake: () => void = () => undefined;
  #sent = 0;
  exitCode: number | null = null;

  constructor(prompt: string, size: TerminalSize, chunkBytes: number) {
    this.#prompt = prompt;
    this.#size = size;
    this.#chunkBytes = chunkBytes;
    this.#print(prompt);
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === 0x0d) {
        this.#print('\r\n');
        this.#run(text(this.#line).trim());
        this.#line = [];
      } else {
        this.#printed.push(byte);
        this.#line.push(byte);
      }
    }
    this.#wake();
  }

  resize(size: TerminalSize): void {
    this.#size = size;
  }

  /** What it printed since the last time, in portions that end anywhere; waits until there is some. undefined: it has ended. */
  async next(signal: AbortSignal): Promise<Uint8Array | undefined> {
    while (this.#printed.length === 0) {
      if (this.exitCode !== null) {
        return undefined;
      }
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal.addEventListener(
          'abort',
          () => {
            reject(signal.reason);
          },
          { once: true },
        );
      });
    }
    this.#sent += 1;
    return Uint8Array.from(this.#printed.splice(0, scriptedLength(7, this.#sent, this.#chunkBytes)));
  }

  #run(line: string): void {
    const [program = '', ...words] = line.split(' ');
    const rest = words.join(' ');
    if (program === 'exit') {
      this.exitCode = Number(rest);
      return;
    }
    if (program === 'rev') {
      this.#print(`${Array.from(rest).toReversed().join('')}\r\n`);
    } else if (line === 'stty size') {
      this.#print(`${this.#size.rows} ${this.#size.columns}\r\n`);
    } else if (line !== '') {
      this.#print(`sh: ${program}: not found\r\n`);
    }
    this.#print(this.#prompt);
  }

  #print(printed: string): void {
    this.#printed.push(...Buffer.from(printed));
  }
}
