import type { ConnectionId } from '../core/job.ts';
import type { JobOption } from '../core/provider.ts';
import type { Logger } from '../core/ports.ts';
import type { Preparation } from '../engine/preparation.ts';
import type { OptionsState } from '../protocol/submitForm.ts';
import { errorSentence } from './errorSentence.ts';

export interface OptionListDeps {
  readonly preparation: () => Promise<Pick<Preparation, 'jobOptions'>>;
  readonly logger: Logger;
  readonly changed: () => void;
}

/** What only the chosen connection lets a job choose, as it last said. Nothing is asked while the form is out of sight. */
export class OptionList {
  readonly #deps: OptionListDeps;
  readonly #known = new Map<string, readonly JobOption[]>();
  #connection = '';
  #isShown = false;
  #problem: string | null = null;
  #asking: AbortController | undefined;

  constructor(deps: OptionListDeps) {
    this.#deps = deps;
  }

  get state(): OptionsState {
    return {
      options: this.#known.get(this.#connection) ?? [],
      isAsking: this.#asking !== undefined,
      problem: this.#problem,
    };
  }

  /** Empty: any connection. */
  setConnection(connection: string): void {
    if (connection !== this.#connection) {
      this.#connection = connection;
      this.#problem = null;
      this.#stop();
      this.#askIfShown();
    }
  }

  setShown(isShown: boolean): void {
    if (isShown !== this.#isShown) {
      this.#isShown = isShown;
      this.#askIfShown();
    }
  }

  #askIfShown(): void {
    if (this.#isShown && this.#connection !== '') {
      void this.refresh();
    }
  }

  /** Asks again; an answer about a connection that is not chosen any more does not count. Never rejects. */
  async refresh(): Promise<void> {
    const id = this.#connection;
    this.#stop();
    const asking = (this.#asking = new AbortController());
    this.#problem = null;
    this.#deps.changed();
    try {
      const preparation = await this.#deps.preparation();
      const options = await preparation.jobOptions(id as ConnectionId, asking.signal);
      if (!asking.signal.aborted) {
        this.#known.set(id, options);
      }
    } catch (error) {
      if (!asking.signal.aborted) {
        this.#deps.logger.warn(`the options of ${id} could not be asked for`, error);
        this.#problem = errorSentence(error);
      }
    }
    if (!asking.signal.aborted) {
      this.#asking = undefined;
      this.#deps.changed();
    }
  }

  #stop(): void {
    this.#asking?.abort(new DOMException('superseded', 'AbortError'));
    this.#asking = undefined;
  }

  dispose(): void {
    this.#stop();
  }
}
