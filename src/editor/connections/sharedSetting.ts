import type { Event } from '../../core/event.ts';

export interface SharedSettingDeps {
  readonly read: () => unknown;
  readonly write: (value: unknown) => Promise<void>;
  /** Fires for what other windows write as well. */
  readonly onDidChange: Event<void>;
  /** Called when a change that was lost could not be made again. */
  readonly failed: (error: unknown) => void;
}

/** Gives the setting as it is to be; the same for one that is so already. */
export type Change = (written: unknown) => unknown;

/** For so long, in ms, what another window writes may be something it had begun before it saw our change. */
const contested = 3_000;
/** Two windows that want different things give up after so many times each. */
const mostTimes = 3;

/**
 * A setting whose value is changed as a whole, by several windows. The last of two that write in the same instant wins, so the other one
 * looks whether its change is still there, and makes it again.
 */
export class SharedSetting {
  readonly #deps: SharedSettingDeps;
  #watched: { dispose(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SharedSettingDeps) {
    this.#deps = deps;
  }

  /** Resolves once it is written. What this window changes next takes the place of what it changed before. */
  async change(change: Change): Promise<void> {
    const { read, write, onDidChange, failed } = this.#deps;
    this.dispose();
    await write(change(read()));
    let times = 0;
    const again = async (): Promise<void> => {
      const written = read();
      const wanted = change(written);
      if (times < mostTimes && JSON.stringify(wanted) !== JSON.stringify(written)) {
        times += 1;
        await write(wanted);
      }
    };
    this.#watched = onDidChange(() => {
      again().catch(failed);
    });
    this.#timer = setTimeout(() => {
      this.dispose();
    }, contested);
    this.#timer.unref();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#watched?.dispose();
    this.#watched = undefined;
  }
}
