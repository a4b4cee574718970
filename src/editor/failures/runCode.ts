import type { RunId } from '../../core/job.ts';
import type { AcceptedRuns } from '../../engine/acceptedRuns.ts';
import type { RunFiles } from '../../engine/runFiles.ts';

/** Runs whose files are remembered: what somebody looks at, they look at again. */
const remembered = 8;

/** The code that runs were made of. */
export class RunCode {
  readonly #accepted: () => Promise<Pick<AcceptedRuns, 'runFiles'>>;
  readonly #runs = new Map<RunId, Promise<RunFiles | null>>();

  constructor(accepted: () => Promise<Pick<AcceptedRuns, 'runFiles'>>) {
    this.#accepted = accepted;
  }

  /** null before a run was accepted. Rejects with `notFound` when it is not on this machine. */
  async of(runId: RunId): Promise<RunFiles | null> {
    const files = this.#runs.get(runId) ?? this.#read(runId);
    this.#runs.delete(runId);
    this.#runs.set(runId, files);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > remembered && oldest !== undefined) {
      this.#runs.delete(oldest);
    }
    return await files;
  }

  #read(runId: RunId): Promise<RunFiles | null> {
    const files = this.#accepted().then(async (accepted) => await accepted.runFiles(runId));
    const forget = (): void => {
      this.#runs.delete(runId);
    };
    // It may be accepted the next moment.
    files.then((found) => {
      if (found === null) {
        forget();
      }
    }, forget);
    return files;
  }
}
