import type { ConnectionsDeps, ConnectionsPart } from './connectionsPart.ts';

/** What is done with connections, loaded when something first needs it. */
export class LazyConnections {
  readonly #deps: ConnectionsDeps;
  #part: Promise<ConnectionsPart> | undefined;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  /** The first call loads it, those that come meanwhile wait for the same one; after a failure the next tries again. */
  readonly part = async (): Promise<ConnectionsPart> => {
    this.#part ??= this.#load();
    return await this.#part;
  };

  async #load(): Promise<ConnectionsPart> {
    try {
      const { ConnectionsPart: Part } = await import('./connectionsPart.ts');
      return new Part(this.#deps);
    } catch (error) {
      this.#part = undefined;
      throw error;
    }
  }

  async dispose(): Promise<void> {
    await (await this.#part?.catch(() => undefined))?.dispose();
  }
}
