import type { EpochMs } from '../../../core/job.ts';

/**
 * A time as the node wrote it, to the nanosecond: seconds since the epoch and nanoseconds as one fixed-width text, so that
 * texts compare as times do.
 */
export type Stamp = string & { readonly brand: 'Stamp' };

export function stampMs(stamp: Stamp): EpochMs {
  return Number(stamp.slice(0, 11)) * 1000 + Math.floor(Number(stamp.slice(11)) / 1e6);
}

export function stampSeconds(stamp: Stamp): number {
  return Number(stamp.slice(0, 11));
}

const stampPattern = /^\d{11}\d{9}$/u;

export function isStamp(text: string): text is Stamp {
  return stampPattern.test(text);
}

/** What `?timestamps=true` puts before each line, in whatever zone the node is. */
const prefixPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) /u;
const longestPrefix = 36;

export type LinePart =
  | {
      readonly kind: 'text';
      readonly stamp: Stamp;
      readonly bytes: Buffer;
      readonly startsLine: boolean;
      readonly endsLine: boolean;
    }
  /** Something that stands where a line begins and has no time: the kubelet's own words about the log. */
  | { readonly kind: 'notice'; readonly text: string };

/**
 * Takes the times off the lines of a log as the API hands it out. Nothing is held back but the beginning of a line whose time
 * is not complete yet, so memory stays small however long the lines are.
 */
export class StampedLines {
  #stamp: Stamp | null = null;
  #isInLine = false;
  #held: Buffer = Buffer.alloc(0);
  #lastSecond = { text: '', zone: '', seconds: 0 };

  *push(chunk: Buffer): Generator<LinePart, void> {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (rest.length > 0) {
      let from = 0;
      const startsLine = !this.#isInLine;
      if (startsLine) {
        const head = rest.subarray(0, longestPrefix).toString('latin1');
        const match = prefixPattern.exec(head);
        if (match === null) {
          const end = rest.indexOf(10);
          if (end === -1) {
            // It may still become a time, or it is a notice that goes on.
            this.#held = rest;
            return;
          }
          yield { kind: 'notice', text: rest.subarray(0, end).toString('utf8') };
          rest = rest.subarray(end + 1);
          continue;
        }
        this.#stamp = this.#read(match);
        from = match[0].length;
      }
      const end = rest.indexOf(10, from);
      const to = end === -1 ? rest.length : end + 1;
      const stamp = this.#stamp;
      if (stamp !== null) {
        yield { kind: 'text', stamp, bytes: rest.subarray(from, to), startsLine, endsLine: end !== -1 };
      }
      this.#isInLine = end === -1;
      rest = rest.subarray(to);
    }
  }

  /** What was held back when the stream ended. */
  *end(): Generator<LinePart, void> {
    const text = this.#held.toString('utf8');
    this.#held = Buffer.alloc(0);
    // Half of a time says nothing: the stream was cut there.
    if (text !== '' && !/^[\d:.TZ+-]*$/u.test(text)) {
      yield { kind: 'notice', text };
    }
  }

  #read([, second = '', fraction = '', zone = '']: RegExpExecArray): Stamp {
    if (this.#lastSecond.text !== second || this.#lastSecond.zone !== zone) {
      this.#lastSecond = { text: second, zone, seconds: Date.parse(second + zone) / 1000 };
    }
    return (String(this.#lastSecond.seconds).padStart(11, '0') + fraction.padEnd(9, '0')) as Stamp;
  }
}
