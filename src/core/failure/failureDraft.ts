import type { Failure, Frame } from './failure.ts';
import type { PlainLine } from './linePrefix.ts';

const MOST_FRAMES = 200;
/** Of too many frames the outermost are kept, to tell where it began, and the innermost, to tell where it failed. */
const OUTERMOST_KEPT = 40;
const LONGEST_MESSAGE = 4000;
const MOST_MEMBERS = 64;

/** A failure while its lines come in. It stays small however many lines it is given. */
export class FailureDraft {
  type = '';
  rank: number | null;
  /** How loggers began the line of the exception (see PlainLine.record). */
  record = '';
  readonly #level: Failure['level'];
  readonly #firstLine: number;
  #lastLine: number;
  #message = '';
  readonly #frames: Frame[] = [];
  readonly #members: Failure[] = [];

  constructor(line: PlainLine, level: Failure['level'] = line.level ?? 'error') {
    this.rank = line.rank;
    this.#level = level;
    this.#firstLine = line.number;
    this.#lastLine = line.number;
  }

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** The line that names the exception and begins its message. */
  setException(type: string, message: string, line: PlainLine): void {
    this.type = type;
    this.record = line.record;
    this.addMessage(message, line.number);
  }

  addFrame(frame: Frame): void {
    this.#frames.push(frame);
    if (this.#frames.length > MOST_FRAMES) this.#frames.splice(OUTERMOST_KEPT, 1);
    this.reach(frame.logLine);
  }

  /** Rules and blank beginnings are left out of a message. */
  addMessage(text: string, logLine: number): void {
    this.reach(logLine);
    const trimmed = text.trimEnd();
    if (trimmed === '' || /^[-=_]{3,}$/.test(trimmed) || this.#message.length >= LONGEST_MESSAGE) return;
    this.#message = (this.#message === '' ? trimmed : `${this.#message}\n${trimmed}`).slice(0, LONGEST_MESSAGE);
  }

  addMember(member: Failure): void {
    if (this.#members.length < MOST_MEMBERS) this.#members.push(member);
    this.reach(member.lastLine);
  }

  /** The failure is told up to this line at least. */
  reach(logLine: number): void {
    this.#lastLine = Math.max(this.#lastLine, logLine);
  }

  failure(cause: Failure | null): Failure {
    return {
      type: this.type,
      message: this.#message,
      rank: this.rank,
      frames: [...this.#frames],
      firstLine: this.#firstLine,
      lastLine: this.#lastLine,
      cause,
      members: [...this.#members],
      level: this.#level,
    };
  }
}
