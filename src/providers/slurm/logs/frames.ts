import { ProviderError } from '../../../core/providerError.ts';
import { isRunName, type RunName } from '../../../core/runName.ts';

/** What the reader script says. */
export type Frame =
  | {
      readonly kind: 'bytes';
      readonly run: RunName;
      readonly file: string;
      readonly offset: number;
      readonly inode: string;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'cut'; readonly run: RunName; readonly file: string; readonly length: number }
  | { readonly kind: 'ended' | 'gone'; readonly run: RunName }
  | { readonly kind: 'round' };

const longestLine = 1024;
const lineFeed = 10;

/** Takes the frames out of the script's output. Throws `transient` when it is not what was promised. */
export async function* readFrames(pieces: AsyncIterable<Uint8Array>, word: string): AsyncGenerator<Frame, void> {
  const input = new Input(pieces);
  for (;;) {
    const line = await input.line();
    if (line === null) {
      return;
    }
    const [kind, run, file = '', first = '', second = '', inode = ''] = line.split(' ');
    if (kind === '.') {
      yield { kind: 'round' };
      continue;
    }
    if (!isRunName(run)) {
      throw torn(line);
    }
    switch (kind) {
      case 'D': {
        const bytes = await input.take(Number(second));
        if (bytes === null || (await input.line()) !== `T ${word}`) {
          throw torn(line);
        }
        yield { kind: 'bytes', run, file, offset: Number(first), inode, bytes };
        break;
      }
      case 'G':
        yield { kind: 'cut', run, file, length: Number(first) };
        break;
      case 'E':
        yield { kind: 'ended', run };
        break;
      case 'X':
        yield { kind: 'gone', run };
        break;
      default:
        throw torn(line);
    }
  }
}

function torn(raw: string): ProviderError {
  return new ProviderError('transient', 'A log was cut while it was read; it is read again.', { raw });
}

/** Bytes that come in pieces, as lines and blocks of a known length. */
class Input {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** null at the end. */
  async line(): Promise<string | null> {
    let end = this.#held.indexOf(lineFeed);
    while (end < 0) {
      if (this.#held.length > longestLine) {
        throw torn(this.#held.subarray(0, 100).toString());
      }
      const more = await this.#more();
      if (more === null) {
        return null;
      }
      this.#held = Buffer.concat([this.#held, more]);
      end = this.#held.indexOf(lineFeed);
    }
    const line = this.#held.subarray(0, end).toString('latin1');
    this.#held = this.#held.subarray(end + 1);
    return line;
  }

  /** null when there are not so many. */
  async take(length: number): Promise<Uint8Array | null> {
    if (!Number.isSafeInteger(length) || length < 0 || length > 1 << 21) {
      return null;
    }
    const block = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    for (;;) {
      const part = this.#held.subarray(0, length - filled);
      block.set(part, filled);
      filled += part.length;
      this.#held = this.#held.subarray(part.length);
      if (filled === length) {
        return new Uint8Array(block.buffer, 0, length);
      }
      const more = await this.#more();
      if (more === null) {
        return null;
      }
      this.#held = more;
    }
  }

  async #more(): Promise<Buffer | null> {
    const { done, value } = await this.#pieces.next();
    return done === true ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}
