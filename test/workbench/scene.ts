import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Workbench, type WorkbenchOptions } from './workbench.ts';

/** A workspace folder with files, a place for VS Code's data, and a workbench on both; all of it temporary. */
export class Scene {
  readonly folder: string;
  readonly #base: string;
  readonly #options: Partial<WorkbenchOptions>;
  #workbench: Workbench | undefined;

  private constructor(base: string, options: Partial<WorkbenchOptions>) {
    this.#base = base;
    this.folder = join(base, 'workspace');
    this.#options = options;
  }

  /** `files`: path in the workspace folder to content. */
  static async set(files: Readonly<Record<string, string>>, options: Partial<WorkbenchOptions> = {}): Promise<Scene> {
    const scene = new Scene(await mkdtemp(join(tmpdir(), 'aloft-e2e-')), options);
    for (const [path, content] of Object.entries(files)) {
      const file = join(scene.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    await scene.startWorkbench();
    return scene;
  }

  get workbench(): Workbench {
    if (this.#workbench === undefined) {
      throw new Error('the workbench has been stopped');
    }
    return this.#workbench;
  }

  /** Where the extension keeps jobs, logs and run folders. */
  get storage(): string {
    return join(this.#base, 'server', 'data', 'User', 'globalStorage', 'aloft.aloft');
  }

  /** A path beside the workspace folder; nothing is there yet. */
  beside(name: string): string {
    return join(this.#base, name);
  }

  async startWorkbench(): Promise<void> {
    const dataFolder = join(this.#base, 'server');
    this.#workbench = await Workbench.start({ folder: this.folder, dataFolder, ...this.#options });
  }

  /** Kills VS Code's server and with it every extension host, as a crash does. */
  async killWorkbench(): Promise<void> {
    const workbench = this.workbench;
    this.#workbench = undefined;
    await workbench.stop('SIGKILL');
  }

  async strike(): Promise<void> {
    await this.#workbench?.stop();
    await rm(this.#base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
