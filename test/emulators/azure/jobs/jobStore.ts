import type { Workspace } from '../world.ts';
import type { Job } from './job.ts';
import { type Conditions, type ImageBuild, JobRun } from './jobRun.ts';

/** The jobs of all workspaces, and what befalls them. */
export class JobStore {
  readonly #jobs = new Map<string, JobRun>();
  /** Jobs that nobody has a machine for. */
  isHeld: (job: Job) => boolean = () => false;
  /** Images that have to be built; null: they are there. */
  imageBuild: ImageBuild | null = null;

  find(workspace: Workspace, name: string): Job | undefined {
    return this.#jobs.get(keyOf(workspace, name))?.job;
  }

  run(workspace: Workspace, name: string): JobRun | undefined {
    return this.#jobs.get(keyOf(workspace, name));
  }

  /** The newest first. */
  list(workspace: Workspace): readonly Job[] {
    return [...this.#jobs.values()]
      .map(({ job }) => job)
      .filter((job) => job.workspace === workspace)
      .toReversed();
  }

  start(job: Job): void {
    const conditions: Conditions = {
      isHeld: (one) => this.isHeld(one),
      imageBuild: () => this.imageBuild,
    };
    this.#jobs.set(keyOf(job.workspace, job.name), new JobRun(job, conditions));
  }

  remove(job: Job): void {
    this.#jobs.delete(keyOf(job.workspace, job.name));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map(async (run) => run.stop()));
  }
}

function keyOf(workspace: Workspace, name: string): string {
  return `${workspace.id}/${name.toLowerCase()}`;
}
