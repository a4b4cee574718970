import { fileReferences } from '../../core/failure/fileReferences.ts';
import { matchFrame } from '../../core/failure/localFile.ts';
import type { FileLink } from '../../protocol/logView.ts';

/** What is known of where a log's code lies; `RunFiles` of the engine is one such thing. */
export interface CodePlaces {
  /** With `/` between parts. */
  readonly paths: ReadonlySet<string>;
  readonly roots: readonly string[];
  /** Where the command was started, as `paths` are; `.` where they begin. */
  readonly startFolder: string;
}

/** Beyond it the places that a line names are not links: no sane line names so many. */
const mostLinks = 100;
const remembered = 2_000;

/** Finds the files of a set that the lines of a log name. */
export class FrameLinks {
  readonly #places: CodePlaces;
  /** By name alone, so that a path need not be compared with every file. */
  readonly #byName: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #resolved = new Map<string, string | null>();

  constructor(places: CodePlaces) {
    this.#places = places;
    const groups = Map.groupBy(places.paths, nameOf);
    this.#byName = new Map([...groups].map(([name, paths]) => [name, new Set(paths)]));
  }

  /** The places that a visible line names, from left to right, which do not overlap. `path` is one of the set. */
  of(visible: string): readonly FileLink[] {
    return fileReferences(visible)
      .slice(0, mostLinks)
      .flatMap(({ path: printed, line, start, end }) => {
        const path = this.resolve(printed);
        return path === null ? [] : [{ start, end, path, line }];
      });
  }

  /** The file of the set that is meant by a path as it was printed; null when none is, or it is not sure which. */
  resolve(printed: string): string | null {
    const known = this.#resolved.get(printed);
    if (known !== undefined) {
      return known;
    }
    const path = this.#match(printed);
    if (this.#resolved.size >= remembered) {
      this.#resolved.clear();
    }
    this.#resolved.set(printed, path);
    return path;
  }

  #match(printed: string): string | null {
    const candidates = this.#byName.get(nameOf(printed));
    if (candidates === undefined) {
      return null;
    }
    const { roots, startFolder } = this.#places;
    const isAbsolute = /^(?:[~/\\]|[A-Za-z]:)/u.test(printed);
    const fromStart =
      isAbsolute || startFolder === '.' ? null : matchFrame(`${startFolder}/${printed}`, candidates, roots);
    return fromStart ?? matchFrame(printed, candidates, roots);
  }
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
