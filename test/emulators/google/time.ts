const nanosPerSecond = 1_000_000_000n;

/** A `google.protobuf.Timestamp`. */
export interface Timestamp {
  readonly seconds: string;
  readonly nanos: number;
}

export function nanosOfMs(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n;
}

export function timestamp(nanos: bigint): Timestamp {
  return { seconds: String(nanos / nanosPerSecond), nanos: Number(nanos % nanosPerSecond) };
}

/** RFC 3339 with up to nine digits of fraction; undefined for anything else. */
export function parseNanos(text: string): bigint | undefined {
  const { fraction = '' } = /\.(?<fraction>\d{1,9})/u.exec(text)?.groups ?? {};
  const ms = Date.parse(text.replace(/\.\d+/u, ''));
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

/** The time in the cloud; every call gives a later one. */
export class CloudClock {
  /** How far the cloud's clocks are ahead of this machine's, in ms. */
  skewMs = 0;
  /** This machine's time, in ms since 1970; waits go by it. */
  readonly machine: () => number;
  #last = 0n;

  constructor(machine: () => number = Date.now) {
    this.machine = machine;
  }

  now(): number {
    return this.machine() + this.skewMs;
  }

  nanos(): bigint {
    const now = nanosOfMs(this.now());
    this.#last = now > this.#last ? now : this.#last + 1000n;
    return this.#last;
  }
}
