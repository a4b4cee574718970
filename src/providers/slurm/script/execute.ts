import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';

import { ProviderError } from '../../../core/providerError.ts';
import type { Finished, ShellScript } from '../host.ts';
import type { ChannelEnd, OpenChannel, ScriptChannel } from './channel.ts';
import { Marked } from './marked.ts';
import { inputFrame, scriptCommand, watchedProgram } from './program.ts';

/** In bytes. */
const mostAnswer = 33_554_432;
const mostComplaint = 262_144;
const frameBytes = 1_048_576;

/** Runs a script to its end. `where` is the name of the machine in what people read. */
export async function runScript(
  open: OpenChannel,
  where: string,
  script: ShellScript,
  signal: AbortSignal,
): Promise<Finished> {
  const running = await begin(open, where, script, false, signal);
  const answer: Buffer[] = [];
  let bytes = 0;
  for await (const piece of running.output(signal)) {
    bytes += piece.length;
    if (bytes > mostAnswer) {
      throw new ProviderError(
        'unsupported',
        `${where} answered one question with more than ${mostAnswer / 1_048_576} MiB.`,
        { remedy: 'Ask for less at once.' },
      );
    }
    answer.push(piece);
  }
  const { exitCode } = await running.end(signal);
  return { exitCode, stdout: Buffer.concat(answer).toString(), stderr: running.complaint };
}

/** What a script prints, as it comes; fails as the script does. */
export async function* streamScript(
  open: OpenChannel,
  where: string,
  script: ShellScript,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const running = await begin(open, where, script, true, signal);
  yield* running.output(signal);
  const { exitCode, signal: killer } = await running.end(signal);
  if (exitCode !== 0) {
    const how = exitCode === null ? `was ended by ${killer ?? 'a signal'}` : `failed with exit code ${exitCode}`;
    throw new ProviderError(exitCode === null ? 'transient' : 'invalid', `A command on ${where} ${how}.`, {
      raw: running.complaint,
    });
  }
}

async function begin(
  open: OpenChannel,
  where: string,
  script: ShellScript,
  longLived: boolean,
  signal: AbortSignal,
): Promise<Running> {
  signal.throwIfAborted();
  const mark = `aloft-${randomBytes(8).toString('hex')}`;
  const { commandLine, preamble } = scriptCommand(watchedProgram(script, mark));
  const channel = await open(commandLine, longLived, signal);
  return new Running(channel, where, mark, preamble, script.input);
}

/** A script under way: its output as it comes, its stderr to the last so many bytes, its input on its way. */
class Running {
  readonly #channel: ScriptChannel;
  readonly #where: string;
  readonly #stdout: Marked;
  readonly #stderr: Marked;
  readonly #complaint: Promise<void>;
  readonly #over = new AbortController();
  #complained = Buffer.alloc(0);
  #inputError: { readonly cause: unknown } | undefined;

  constructor(channel: ScriptChannel, where: string, mark: string, preamble: Uint8Array, input: ShellScript['input']) {
    this.#channel = channel;
    this.#where = where;
    this.#stdout = new Marked(mark);
    this.#stderr = new Marked(mark);
    // What becomes of them is told by `ended`.
    for (const stream of [channel.stdin, channel.stdout, channel.stderr]) {
      stream.on('error', () => undefined);
    }
    channel.ended.catch(() => undefined).finally(() => this.#over.abort());
    this.#complaint = this.#collectComplaint();
    this.#send(preamble, input).catch((cause: unknown) => {
      this.#inputError = { cause };
      this.#channel.close();
    });
  }

  /** The end of what was said on stderr. */
  get complaint(): string {
    return (this.#stderr.seen ? this.#complained : Buffer.from(this.#stderr.before)).toString();
  }

  /** What comes behind the mark on stdout. Stopping early, by whatever way, closes the channel. */
  async *output(signal: AbortSignal): AsyncGenerator<Buffer, void> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    aborted.catch(() => undefined);
    const abort = (): void => {
      reject(signal.reason);
      this.#channel.close();
    };
    signal.addEventListener('abort', abort, { once: true });
    let complete = false;
    const pieces = readable(this.#channel.stdout);
    try {
      signal.throwIfAborted();
      for (;;) {
        const piece = await Promise.race([pieces.next(), aborted]);
        if (piece.done === true) {
          break;
        }
        const output = this.#stdout.after(piece.value);
        if (this.#stdout.isHopeless) {
          throw this.#notRun();
        }
        if (output.length > 0) {
          yield output;
        }
      }
      await Promise.race([this.#ended(), aborted]);
      complete = true;
    } finally {
      signal.removeEventListener('abort', abort);
      if (!complete) {
        this.#channel.close();
        // A channel gives its place back only when all that came was read.
        void readToEnd(pieces);
      }
    }
  }

  /** How it ended, once its output was read. */
  async end(signal: AbortSignal): Promise<ChannelEnd> {
    const ended = await this.#ended();
    await this.#complaint;
    signal.throwIfAborted();
    if (!this.#stdout.seen && !this.#stderr.seen) {
      throw this.#notRun();
    }
    return ended;
  }

  /** What went wrong with the input is why the channel was closed, whatever that looked like. */
  async #ended(): Promise<ChannelEnd> {
    const ended = await this.#channel.ended.catch((error: unknown) => {
      throw this.#inputError?.cause ?? error;
    });
    if (this.#inputError !== undefined) {
      throw this.#inputError.cause;
    }
    return ended;
  }

  #notRun(): ProviderError {
    const raw = `${this.#stdout.before}${this.#stderr.before}`.slice(0, 4096).trim();
    return new ProviderError('unsupported', `The login shell on ${this.#where} did not run what it was given.`, {
      raw,
      remedy: 'Check that you can run commands there: ssh to it and look at what your start-up files do.',
    });
  }

  async #collectComplaint(): Promise<void> {
    for await (const piece of readable(this.#channel.stderr)) {
      const said = Buffer.concat([this.#complained, this.#stderr.after(piece)]);
      this.#complained = said.subarray(Math.max(0, said.length - mostComplaint));
    }
  }

  async #send(preamble: Uint8Array, input: ShellScript['input']): Promise<void> {
    const { stdin } = this.#channel;
    const over = this.#over.signal;
    if (preamble.length > 0) {
      await write(stdin, preamble, over);
    }
    if (input === undefined) {
      return;
    }
    for await (const piece of frames(input)) {
      if (over.aborted) {
        return;
      }
      await write(stdin, inputFrame(piece), over);
    }
    await write(stdin, inputFrame(new Uint8Array()), over);
  }
}

/** What a stream gives; a stream that breaks off just ends: the channel knows why. */
async function* readable(stream: Readable): AsyncGenerator<Buffer, void> {
  try {
    yield* stream;
  } catch {
    // See `ended`.
  }
}

async function readToEnd(pieces: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pieces) {
    // Nobody wants it.
  }
}

/** Input in pieces that are neither tiny nor huge. */
async function* frames(input: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of input instanceof Uint8Array ? [input] : input) {
    for (let at = 0; at < piece.length; at += frameBytes) {
      const part = piece.subarray(at, at + frameBytes);
      held.push(part);
      heldBytes += part.length;
      if (heldBytes >= frameBytes) {
        yield Buffer.concat(held);
        held = [];
        heldBytes = 0;
      }
    }
  }
  if (heldBytes > 0) {
    yield Buffer.concat(held);
  }
}

/** Resolves when the stream takes more, or when nobody needs it any more. */
async function write(stream: Writable, bytes: Uint8Array, over: AbortSignal): Promise<void> {
  if (over.aborted || stream.destroyed || stream.write(bytes)) {
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    resolve();
  };
  stream.once('drain', done);
  stream.once('close', done);
  over.addEventListener('abort', done, { once: true });
  await promise;
  stream.off('drain', done);
  stream.off('close', done);
  over.removeEventListener('abort', done);
}
