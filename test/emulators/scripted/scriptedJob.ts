import type { JobTask } from '../../../src/core/job.ts';
import { isTerminal, type JobState } from '../../../src/core/jobState.ts';
import type { Json, JsonObject, Observation } from '../../../src/core/provider.ts';
import { type JobScript, type LogEntry, type Phase, contentBytes } from './script.ts';
import { scriptedLength } from './scriptedBytes.ts';

export interface JobIdentity {
  readonly id: string;
  readonly key: { readonly runId: string; readonly attempt: number };
  readonly name: string;
  readonly spec: Json;
  readonly createdAt: number;
}

/** What a position in the log gives: an item and the position right after it, or nothing yet. */
export interface LogRead {
  readonly item: JsonObject;
  readonly next: string;
  readonly bytes: number;
}

/** One job of the backend: it lives through its script as time goes by, or by command. */
export class ScriptedJob {
  readonly identity: JobIdentity;
  /** How `observe` treats it: as the rest, not at all, or never with anything newer than its first phase. */
  visibility: 'normal' | 'omitted' | 'stale' = 'normal';
  #script: JobScript;
  #life: readonly Phase[];
  #log: LogEntry[];
  #contents = new Map<LogEntry, Uint8Array>();
  #index = 0;
  #since: number;
  #startedAt: number | null = null;
  #endedAt: number | null = null;
  #cancelled = false;
  /** One per phase, in order. */
  #history: Observation[] = [];

  constructor(identity: JobIdentity, script: JobScript) {
    this.identity = identity;
    this.#script = script;
    this.#life = script.life;
    this.#log = [...script.log];
    this.#since = identity.createdAt;
    this.#enter(identity.createdAt);
  }

  get #phase(): Phase {
    const phase = this.#life[this.#index];
    if (phase === undefined) {
      throw new Error('A script without a phase.');
    }
    return phase;
  }

  /** Still in its first phase. */
  get isNew(): boolean {
    return this.#history.length === 1;
  }

  get isEnded(): boolean {
    return this.#endedAt !== null;
  }

  get hasStarted(): boolean {
    return this.#startedAt !== null;
  }

  get files(): JobScript['files'] {
    return this.#script.files;
  }

  get ports(): JobScript['ports'] {
    return this.#script.ports;
  }

  get isRunning(): boolean {
    return this.#phase.state === 'running';
  }

  hasMember(task: number, node: number): boolean {
    return task < this.#script.tasks && node < this.#script.nodes;
  }

  /** Goes through the phases whose time is over. True when the phase changed. */
  settle(now: number): boolean {
    const before = this.#index;
    while (
      this.#phase.forMs !== null &&
      now >= this.#since + this.#phase.forMs &&
      this.#index < this.#life.length - 1
    ) {
      this.#since += this.#phase.forMs;
      this.#index += 1;
      this.#enter(this.#since);
    }
    return this.#index !== before;
  }

  /** Ends the present phase by command. The last phase stays. */
  advance(now: number): void {
    if (this.#index < this.#life.length - 1 && !this.isEnded) {
      this.#since = now;
      this.#index += 1;
      this.#enter(now);
    }
  }

  cancel(now: number): void {
    if (!this.isEnded && !this.#cancelled && this.#script.onCancel !== null) {
      this.#cancelled = true;
      this.live(this.#script.onCancel, now);
    }
  }

  /** Replaces the rest of its life. */
  live(life: readonly Phase[], now: number): void {
    if (!this.isEnded && life.length > 0) {
      this.#life = life;
      this.#index = 0;
      this.#since = now;
      this.#enter(now);
      this.settle(now);
    }
  }

  print(entries: readonly LogEntry[]): void {
    this.#log.push(...entries);
  }

  /** The present, or what was true `phasesAgo`. */
  observation(now: number, phasesAgo: number): Observation {
    const past = this.#history[Math.max(0, this.#history.length - 1 - phasesAgo)];
    if (past === undefined) {
      throw new Error('A job without a history.');
    }
    return phasesAgo === 0 ? { ...past, observedAt: now } : past;
  }

  firstObservation(): Observation {
    return this.#history[0] ?? this.observation(this.identity.createdAt, 0);
  }

  /** When something changes without anybody's doing; null when nothing will. */
  nextChangeAt(logPosition: string | null): number | null {
    const phaseEnd =
      this.#phase.forMs === null || this.#index >= this.#life.length - 1 ? null : this.#since + this.#phase.forMs;
    const entry = logPosition === null ? undefined : this.#log[readPosition(logPosition).entry];
    const printed = entry === undefined || this.#startedAt === null ? null : this.#startedAt + entry.atMs;
    const times = [phaseEnd, printed].filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The next item from `position` on, cut at lengths that look arbitrary; null: nothing there yet. */
  read(position: string, now: number, chunkBytes: number): LogRead | null {
    const { entry: index, offset } = readPosition(position);
    const entry = this.#log[index];
    if (entry === undefined || this.#startedAt === null || this.#startedAt + entry.atMs > (this.#endedAt ?? now)) {
      return null;
    }
    const stream = { name: entry.stream, task: entry.task, node: entry.node };
    const time = this.#startedAt + entry.atMs;
    if ('gap' in entry) {
      const next = `${index + 1}:0`;
      return { item: { kind: 'gap', stream, from: time, to: time, reason: entry.gap, cursor: next }, next, bytes: 0 };
    }
    const content = this.#contents.get(entry) ?? contentBytes(entry);
    this.#contents.set(entry, content);
    const length = Math.min(content.length - offset, scriptedLength(index, offset, chunkBytes));
    const next = offset + length >= content.length ? `${index + 1}:0` : `${index}:${offset + length}`;
    const base64 = Buffer.from(content.subarray(offset, offset + length)).toString('base64');
    return { item: { kind: 'bytes', stream, base64, time, cursor: next }, next, bytes: length };
  }

  #enter(at: number): void {
    const phase = this.#phase;
    if (phase.state === 'running') {
      this.#startedAt ??= at;
    }
    if (phase.state !== 'unknown' && isTerminal(phase.state)) {
      this.#endedAt = at;
    }
    const native = phase.native ?? `JOB_STATE_${phase.state.toUpperCase()}`;
    const state = phase.state === 'unknown' ? (this.#history.at(-1)?.tasks[0]?.state ?? 'queued') : phase.state;
    this.#history.push({
      state: phase.state,
      nativeState: native,
      reason: phase.reason,
      ...(phase.explanation === undefined ? {} : { explanation: phase.explanation }),
      ...(phase.startsInMs === undefined ? {} : { expectedStartAt: at + phase.startsInMs }),
      observedAt: at,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      exitCode: phase.exitCode,
      signal: phase.signal,
      nodes: Array.from({ length: this.#script.nodes }, (_, rank) => ({
        rank,
        host: `node-${rank}`,
        state: phase.nodes[rank] ?? state,
      })),
      tasks: Array.from({ length: this.#script.tasks }, (_, index) => taskOf(index, phase, state)),
      native: { name: this.identity.id, state: native, error: phase.reason },
    });
  }
}

function taskOf(index: number, phase: Phase, ofJob: JobState): JobTask {
  const state = phase.tasks[index] ?? ofJob;
  const ownEnd = state === 'failed' ? 1 : state === 'succeeded' ? 0 : null;
  return { index, state, exitCode: phase.tasks[index] === undefined ? phase.exitCode : ownEnd };
}

function readPosition(position: string): { readonly entry: number; readonly offset: number } {
  const [entry, offset] = position.split(':').map(Number);
  return { entry: entry ?? 0, offset: offset ?? 0 };
}
