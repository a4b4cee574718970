import type { Preparation } from '../engine/preparation.ts';
import type { UploadState } from '../protocol/submitForm.ts';
import { errorSentence, isAbort } from './errorSentence.ts';
import type { FormMemory } from './formMemory.ts';

export interface UploadCountDeps {
  readonly preparation: () => Promise<Pick<Preparation, 'scan'>>;
  readonly memory: FormMemory;
  readonly changed: () => void;
}

/** Saving all files is one occasion to count, so counting waits this long for the next, in ms. */
const quiet = 400;

/** What a submission of the folder would send now; counted only while somebody looks at it. */
export class UploadCount {
  readonly #deps: UploadCountDeps;
  #state: UploadState = { kind: 'none' };
  #folder: string | null = null;
  #shown = false;
  #outdated = true;
  #scan: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: UploadCountDeps) {
    this.#deps = deps;
  }

  get state(): UploadState {
    return this.#state;
  }

  /** null when nothing can be sent. */
  setFolder(folder: string | null): void {
    if (folder !== this.#folder) {
      this.#folder = folder;
      this.#state = { kind: 'none' };
      this.outdate();
    }
  }

  setShown(shown: boolean): void {
    this.#shown = shown;
    if (shown && this.#outdated) {
      this.outdate();
    }
  }

  /** Sends a file of the folder that would be held back, or holds it back again. */
  async include(path: string, include: boolean): Promise<void> {
    const folder = this.#folder;
    if (folder === null) {
      return;
    }
    const others = this.#deps.memory.included(folder).filter((other) => other !== path);
    await this.#deps.memory.keepIncluded(folder, include ? [...others, path] : others);
    this.outdate();
  }

  async holdBackAll(): Promise<void> {
    if (this.#folder !== null) {
      await this.#deps.memory.keepIncluded(this.#folder, []);
      this.outdate();
    }
  }

  /** Something changed on disk or in what is included. */
  outdate(): void {
    this.#outdated = true;
    this.#stop();
    const folder = this.#folder;
    if (folder === null || !this.#shown) {
      return;
    }
    const controller = new AbortController();
    this.#scan = controller;
    this.#timer = setTimeout(() => void this.#count(folder, controller.signal), quiet);
  }

  async #count(folder: string, signal: AbortSignal): Promise<void> {
    if (this.#state.kind !== 'known') {
      this.#set({ kind: 'counting' });
    }
    let state: UploadState;
    try {
      state = await this.#scanned(folder, signal);
    } catch (error) {
      if (isAbort(error)) {
        return;
      }
      state = { kind: 'failed', message: errorSentence(error) };
    }
    if (!signal.aborted) {
      this.#outdated = false;
      this.#set(state);
    }
  }

  async #scanned(folder: string, signal: AbortSignal): Promise<UploadState> {
    const included = this.#deps.memory.included(folder);
    const preparation = await this.#deps.preparation();
    const { files, bytes, heldBack, refused } = await preparation.scan(folder, included, signal);
    const [first] = refused;
    return first === undefined
      ? {
          kind: 'known',
          files: files.length,
          bytes,
          heldBack: heldBack.map(({ path, bytes: size, reason }) => ({ path, bytes: size, reason })),
          included,
        }
      : { kind: 'failed', message: `${first.path}: ${first.reason}` };
  }

  #set(state: UploadState): void {
    this.#state = state;
    this.#deps.changed();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#scan?.abort(new DOMException('superseded', 'AbortError'));
    this.#scan = undefined;
  }

  dispose(): void {
    this.#stop();
  }
}
