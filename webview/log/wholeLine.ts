import type { WholeLine } from './rowElement.ts';

/** Older versions of a progress bar are left out; the newest say it all. */
const mostVersions = 1_000;

/** The text of a line with all its versions, which `\r` or line ends part. */
export function wholeLine(text: string, cutBytes: number): WholeLine {
  const versions = text.split(/\r\n|\r|\n/u).filter((version) => version !== '');
  return { versions: versions.length === 0 ? [''] : versions.slice(-mostVersions), cutBytes };
}
