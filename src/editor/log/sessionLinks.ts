import type { Logger } from '../../core/ports.ts';
import type { LinksOf, LogSession } from './logSession.ts';

export interface SessionLinksDeps {
  /** What finds the places in a line's visible text that lead to files; null while that is not known. */
  readonly links: () => Promise<LinksOf | null>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Tells a viewer's session what in its lines leads to files, as soon as that is known: nobody should wait for it to see the log. */
export class SessionLinks {
  readonly #deps: SessionLinksDeps;
  /** Has not been told yet. */
  #session: Pick<LogSession, 'link'> | undefined;
  #isOutdated = false;
  #isAsking = false;

  constructor(deps: SessionLinksDeps) {
    this.#deps = deps;
  }

  begin(session: Pick<LogSession, 'link'>): void {
    this.#session = session;
    this.lookAgain();
  }

  /** More may be known than before. */
  lookAgain(): void {
    this.#isOutdated = this.#session !== undefined;
    if (!this.#isAsking) {
      void this.#ask();
    }
  }

  end(): void {
    this.#session = undefined;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#isOutdated && this.#session !== undefined) {
      this.#isOutdated = false;
      try {
        const links = await this.#deps.links();
        if (links !== null) {
          this.#session?.link(links);
          this.#session = undefined;
        }
      } catch (error) {
        this.#session = undefined;
        this.#deps.logger.warn('the places in a log that lead to files are not known', error);
      }
    }
    this.#isAsking = false;
  }
}
