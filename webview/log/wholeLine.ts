import type { LogToWebview } from '../../src/protocol/logView.ts';

/** A line as it was asked for in full: its versions, the newest last. */
export interface WholeLine {
  readonly versions: readonly string[];
  /** How many versions before these are left out. */
  readonly olderVersions: number;
  readonly cutBytes: number;
  /** Where these bytes are missing. */
  readonly cutAt: 'start' | 'end';
}

/** Of a progress bar the newest versions say it all. */
const mostVersions = 1_000;

/** The text of a line with all its versions, which `\r` or line ends part. */
export function wholeLine({
  text,
  cutBytes,
  cutAt,
}: Pick<Extract<LogToWebview, { readonly type: 'logWhole' }>, 'text' | 'cutBytes' | 'cutAt'>): WholeLine {
  const versions = text.split(/\r\n|\r|\n/u).filter((version) => version !== '');
  return {
    versions: versions.length === 0 ? [''] : versions.slice(-mostVersions),
    olderVersions: Math.max(0, versions.length - mostVersions),
    cutBytes,
    cutAt,
  };
}
