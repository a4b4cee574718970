import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { ConnectionId } from '../../core/job.ts';
import type { Clock } from '../../core/ports.ts';

export interface ConnectionFoldersDeps {
  readonly root: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Connections that are set up. */
  readonly connections: () => readonly { readonly id: ConnectionId }[];
  /** Those that jobs were sent to which are still in the list. */
  readonly used: () => Promise<ReadonlySet<string>>;
}

/** A folder this young may be of a connection that is just being added, in ms. */
const grace = 3_600_000;

/** What providers keep on this machine, a folder for each connection. It goes when neither the connection nor a job of it is left. */
export class ConnectionFolders {
  readonly #deps: ConnectionFoldersDeps;

  constructor(deps: ConnectionFoldersDeps) {
    this.#deps = deps;
  }

  of(id: ConnectionId): string {
    return join(this.#deps.root, id);
  }

  /** After a connection was removed. With jobs it may come back. */
  async leave(id: ConnectionId): Promise<void> {
    if (!(await this.#deps.used()).has(id)) {
      await rm(this.of(id), { recursive: true, force: true });
    }
  }

  /** Jobs may go long after their connection. */
  async sweep(): Promise<void> {
    const { root, clock, connections, used } = this.#deps;
    const names = await readdir(root).catch(() => []);
    const kept = new Set<string>([...(await used()), ...connections().map(({ id }) => id)]);
    for (const name of names.filter((each) => !kept.has(each))) {
      const folder = join(root, name);
      const changedAt = (await stat(folder).catch(() => undefined))?.mtimeMs ?? Infinity;
      if (clock.now() - changedAt > grace) {
        await rm(folder, { recursive: true, force: true });
      }
    }
  }
}
