import { randomUUID } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';

/** The most of a line that one entry holds, in characters: Cloud Logging's limit on an entry is 256 KiB. */
const entryLimit = 250_000;

interface PrintedEntry {
  readonly message: string;
  readonly split?: { readonly uid: string; readonly index: number; readonly totalSplits: number };
}

/** Makes entries of what a process prints: one for a line, several for one that is too long. Bytes that are no UTF-8 are lost. */
export class PrintedLines {
  readonly #add: (entry: PrintedEntry) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(add: (entry: PrintedEntry) => void) {
    this.#add = add;
  }

  write(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    lines.forEach((line) => this.#line(line));
  }

  /** What is left without a line feed is a line as well. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') {
      this.#line(rest);
    }
  }

  #line(line: string): void {
    if (line.length <= entryLimit) {
      this.#add({ message: line });
      return;
    }
    const uid = randomUUID();
    const totalSplits = Math.ceil(line.length / entryLimit);
    for (let index = 0; index < totalSplits; index += 1) {
      const message = line.slice(index * entryLimit, (index + 1) * entryLimit);
      this.#add({ message, split: { uid, index, totalSplits } });
    }
  }
}
