/** Where a person was in a log; survives a hidden or reloaded webview. */
export interface LogPlace {
  /** Of which log, see LogOutline. */
  readonly identity: string;
  /** The line at the top; null: at the end, which moves along. */
  readonly top: number | null;
  /** How much of it is above the top, from 0 to 1. */
  readonly into: number;
  /** How many rows the cursor is below the top, above when negative; null without a cursor. */
  readonly cursor: number | null;
  /** 0-based position of the match that was gone to; null before. */
  readonly match: number | null;
  /** Lines that were opened to see all of them. */
  readonly opened: readonly OpenedLine[];
}

export interface OpenedLine {
  readonly line: number;
  readonly stream: number;
}

/** More are not opened again. */
const mostOpened = 20;

/** What a page remembered of its viewer, as `place`; undefined when that is nothing, or damaged. */
export function rememberedPlace(state: unknown): LogPlace | undefined {
  const place = fields(fields(state)?.['place']);
  const [top, cursor, match] = [place?.['top'], place?.['cursor'], place?.['match']].map(whole);
  const identity = place?.['identity'];
  const into = place?.['into'];
  if (typeof identity !== 'string' || typeof into !== 'number' || !(into >= 0 && into <= 1)) {
    return undefined;
  }
  const opened = place?.['opened'];
  return {
    identity,
    top: top === undefined || top < 0 ? null : top,
    into,
    cursor: cursor ?? null,
    match: match === undefined || match < 0 ? null : match,
    opened: (Array.isArray(opened) ? opened : []).flatMap(openedLine).slice(0, mostOpened),
  };
}

export function isSamePlace(one: LogPlace | undefined, other: LogPlace | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function openedLine(value: unknown): readonly OpenedLine[] {
  const record = fields(value);
  const [line, stream] = [whole(record?.['line']), whole(record?.['stream'])];
  return line === undefined || line < 0 || stream === undefined ? [] : [{ line, stream }];
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}
