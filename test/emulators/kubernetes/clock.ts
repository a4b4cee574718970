/** The time in the cluster. */
export class ClusterClock {
  /** How far the cluster's clocks are ahead of this machine's, in ms. */
  skewMs = 0;
  /** What log lines are stamped to, in ns: beyond 1, several lines can have the same time. */
  stampNanos = 1n;
  readonly #start = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  #last = 0n;

  now(): number {
    return Date.now() + this.skewMs;
  }

  /** `metav1.Time`: whole seconds. */
  seconds(): string {
    return secondsText(this.now());
  }

  /** `metav1.MicroTime`. */
  micros(): string {
    return new Date(this.now()).toISOString().replace('Z', '000Z');
  }

  /** Nanoseconds since 1970; never less than before, and more each time unless `stampNanos` makes them coarse. */
  nanos(): bigint {
    const now = this.#start + process.hrtime.bigint() + BigInt(Math.round(this.skewMs)) * 1_000_000n;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return (this.#last / this.stampNanos) * this.stampNanos;
  }
}

export function secondsText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/u, 'Z');
}

/** RFC 3339 with exactly nine digits of fraction, as the kubelet prints it. */
export function nanosText(nanos: bigint): string {
  const seconds = nanos / 1_000_000_000n;
  const fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
  return secondsText(Number(seconds) * 1000).replace('Z', `.${fraction}Z`);
}
