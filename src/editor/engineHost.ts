import { Emitter, type Event } from '../core/event.ts';
import type { Logger } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';

export interface EngineHostDeps {
  readonly start: () => Promise<Engine>;
  readonly logger: Logger;
}

/** VS Code gives an extension some seconds to end; what has not ended by then is left to the next window, in ms. */
const patience = 3_000;

/** The engine of this window: comes up when something first needs it, ends with the window. */
export class EngineHost {
  readonly #deps: EngineHostDeps;
  readonly #started = new Emitter<Engine>();
  readonly #failed = new Emitter<unknown>();
  #engine: Promise<Engine> | undefined;
  #closed = false;

  constructor(deps: EngineHostDeps) {
    this.#deps = deps;
  }

  get onDidStart(): Event<Engine> {
    return this.#started.event;
  }

  /** Each time it could not start; the next call of `engine` tries again. */
  get onDidFail(): Event<unknown> {
    return this.#failed.event;
  }

  /** The running engine; the first call brings it up, those that come meanwhile wait for the same one. */
  readonly engine = async (): Promise<Engine> => {
    if (this.#closed) {
      throw new DOMException('the window closes', 'AbortError');
    }
    this.#engine ??= this.#start();
    return await this.#engine;
  };

  async #start(): Promise<Engine> {
    let engine: Engine;
    try {
      engine = await this.#deps.start();
    } catch (error) {
      this.#engine = undefined;
      this.#deps.logger.error('the engine did not start', error);
      this.#failed.fire(error);
      throw error;
    }
    if (!this.#closed) {
      this.#started.fire(engine);
    }
    return engine;
  }

  /** Resolves when the engine has let go of everything, or could not in time. Calling it again is harmless. */
  async dispose(): Promise<void> {
    this.#closed = true;
    this.#started.dispose();
    this.#failed.dispose();
    const starting = this.#engine;
    this.#engine = undefined;
    if (starting === undefined) {
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#deps.logger.warn(`the engine did not end within ${patience} ms`);
        resolve();
      }, patience);
    });
    try {
      await Promise.race([this.#end(starting), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #end(starting: Promise<Engine>): Promise<void> {
    try {
      await (await starting).dispose();
    } catch (error) {
      this.#deps.logger.warn('the engine did not end well', error);
    }
  }
}
