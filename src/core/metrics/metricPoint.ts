/** A number a script printed, with what is known of when and where. */
export interface MetricPoint {
  /** As printed, lower case, words joined by `_` and splits by `/`: `loss`, `train/loss`, `grad_norm`, `it/s`. */
  readonly name: string;
  /** Of a prefix like `[rank3]`; null when none was printed. */
  readonly rank: number | null;
  /** As printed. NaN and infinities are points too: a run that diverges is worth seeing. */
  readonly value: number;
  readonly step: number | null;
  /** May be a fraction: some trainers print where in the epoch they are. */
  readonly epoch: number | null;
  /** Line of the log, the first is 0. All versions of a line that rewrites itself (`\r`) have its number. */
  readonly line: number;
}

/** Takes the points of one name and rank, in the order of the log. */
export interface PointReceiver {
  add(value: number, step: number | null, epoch: number | null, line: number): void;
}

/** Where points go. */
export interface PointSink {
  /** The receiver of a name and rank, always the same one; undefined once the sink takes no more of them. */
  receiver(name: string, rank: number | null): PointReceiver | undefined;
}
