import { type LogStream, logStreamOf } from './logStream.ts';

/** Signed URLs by path. All of them are signed, and expire, at the same time. */
export class SignedUrls {
  #byPath: Readonly<Record<string, string>>;
  readonly #renew: () => Promise<Readonly<Record<string, string>>>;

  constructor(byPath: Readonly<Record<string, string>>, renew: () => Promise<Readonly<Record<string, string>>>) {
    this.#byPath = byPath;
    this.#renew = renew;
  }

  get paths(): readonly string[] {
    return Object.keys(this.#byPath);
  }

  of(path: string): string | undefined {
    return Object.hasOwn(this.#byPath, path) ? this.#byPath[path] : undefined;
  }

  async renew(): Promise<void> {
    this.#byPath = await this.#renew();
  }
}

export interface LogFile extends LogStream {
  readonly path: string;
}

/** The logs among the files of a run, in the order in which they are read. */
export function logsAmong(paths: readonly string[]): readonly LogFile[] {
  return paths
    .flatMap((path) => {
      const found = logStreamOf(path);
      return found === null ? [] : [{ path, ...found }];
    })
    .toSorted((a, b) => order[a.kind] - order[b.kind] || a.stream.node - b.stream.node);
}

const order = { build: 0, user: 1, system: 2 } as const;
