import type { Event } from '../core/event.ts';
import type { Logger } from '../core/ports.ts';
import type { FormPlaces } from './connections/places.ts';
import { errorSentence } from './errorSentence.ts';

/** Where the form learns of places. */
export interface PlacesSource {
  readonly onDidChange: Event<void>;
  now(): FormPlaces;
  /** The name of a connection, also when it is gone. */
  label(id: string): string;
  setLooking(looker: object, isLooking: boolean): void;
  refresh(): Promise<void>;
}

export interface OfferListDeps {
  readonly places: () => Promise<PlacesSource>;
  readonly logger: Logger;
  readonly changed: () => void;
}

const nowhere: FormPlaces = { connections: [], accelerators: null, silent: [] };

/** What the form's connections can give, as they last said. */
export class OfferList {
  readonly #deps: OfferListDeps;
  #source: PlacesSource | undefined;
  #subscription: { dispose(): void } | undefined;
  #isShown = false;
  #problem: string | null = null;

  constructor(deps: OfferListDeps) {
    this.#deps = deps;
  }

  get places(): FormPlaces {
    return this.#source?.now() ?? nowhere;
  }

  /** Why nothing can be asked at all; null when it can. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The name of a connection that is not set up any more; null for one that is, and while nothing is known. */
  removed(id: string): string | null {
    const isGone = id !== '' && this.#source?.now().connections.every((connection) => connection.id !== id) === true;
    return isGone ? (this.#source?.label(id) ?? id) : null;
  }

  /** Whether somebody looks at it: only then is anybody asked. */
  async setShown(isShown: boolean): Promise<void> {
    this.#isShown = isShown;
    const source = await this.#load();
    source?.setLooking(this, this.#isShown);
  }

  /** Asks again. Never rejects. */
  async refresh(): Promise<void> {
    await (await this.#load())?.refresh();
  }

  async #load(): Promise<PlacesSource | undefined> {
    if (this.#source !== undefined) {
      return this.#source;
    }
    try {
      const source = await this.#deps.places();
      this.#problem = null;
      this.#source = source;
      this.#subscription ??= source.onDidChange(this.#deps.changed);
    } catch (error) {
      this.#deps.logger.error('places cannot be shown', error);
      this.#problem = errorSentence(error);
    }
    this.#deps.changed();
    return this.#source;
  }

  dispose(): void {
    this.#subscription?.dispose();
    this.#source?.setLooking(this, false);
  }
}
