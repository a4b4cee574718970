import type { LineList } from '../../engine/log/lineList.ts';

/** Which lines of a log the viewer shows as its rows: all of them, or those of a list that grows. */
export class RowView {
  readonly #list: LineList | null;

  constructor(list: LineList | null) {
    this.#list = list;
  }

  /** `lines`: of the whole log. */
  count(lines: number): number {
    return this.#list?.length ?? lines;
  }

  /** The lines of some rows, fewer where they end. */
  lines(from: number, count: number, lines: number): readonly number[] {
    if (this.#list !== null) {
      return this.#list.slice(from, from + count);
    }
    return Array.from({ length: Math.max(0, Math.min(count, lines - from)) }, (_, index) => from + index);
  }

  lineOf(row: number): number | undefined {
    return this.#list === null ? row : this.#list.at(row);
  }

  /** Where a line stands, else the next that is among the rows, else the last; null when there is none. `lines`: of the whole log. */
  nearest(line: number, lines: number): { readonly row: number; readonly line: number } | null {
    if (this.#list === null) {
      const found = Math.min(line, lines - 1);
      return found < 0 ? null : { row: found, line: found };
    }
    const row = Math.min(this.#list.countBefore(line), this.#list.length - 1);
    const found = this.#list.at(row);
    return found === undefined ? null : { row, line: found };
  }

  /** null for a line that is not among the rows. */
  rowOf(line: number): number | null {
    const nearest = this.nearest(line, line + 1);
    return nearest?.line === line ? nearest.row : null;
  }

  /** Those of some lines that are among the rows. */
  shown(lines: LineList): LineList {
    if (this.#list === null) {
      return lines;
    }
    return this.#list.common(lines);
  }

  /** Of `steps` equal parts of the rows, those that some lines fall into. */
  ruler(lines: LineList, steps: number, total: number): readonly number[] {
    if (this.#list === null) {
      return lines.spread(total, steps);
    }
    const rows = this.#list;
    const found = new Set<number>();
    for (let step = 0; step < steps && rows.length > 0; step += 1) {
      const first = rows.at(Math.ceil((step * rows.length) / steps));
      const next = rows.at(Math.ceil(((step + 1) * rows.length) / steps)) ?? Number.MAX_SAFE_INTEGER;
      if (first !== undefined && lines.countBefore(next) > lines.countBefore(first)) {
        found.add(step);
      }
    }
    return [...found];
  }
}

/** The nearest of some lines after a line (or before it), going round at the end. null when there is none at all. */
export function nextIn(
  lines: LineList,
  line: number,
  backward: boolean,
): { readonly line: number; readonly position: number } | null {
  const after = backward ? lines.countBefore(line) - 1 : lines.countBefore(line + 1);
  const position = lines.length === 0 ? -1 : (after + lines.length) % lines.length;
  const found = lines.at(position);
  return found === undefined ? null : { line: found, position };
}
