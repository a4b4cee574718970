import { commonLines } from './commonLines.ts';

/**
 * Where a line of the version that ran is in today's text, lines counted from 1. `exact` says that it is still there; else
 * it is the line that took its place, or the nearest after it. Finishes quickly on any two texts.
 */
export function mapLine(
  before: readonly string[],
  after: readonly string[],
  line: number,
): { readonly line: number; readonly exact: boolean } {
  const wanted = line - 1;
  if (wanted < 0 || wanted >= before.length) return { line: within(line, after.length), exact: false };
  const places = commonLines(before, after);
  const place = places[wanted] ?? -1;
  if (place >= 0) return { line: place + 1, exact: true };
  let first = wanted;
  while (first > 0 && (places[first - 1] ?? -1) < 0) first -= 1;
  let next = wanted;
  while (next < before.length && (places[next] ?? -1) < 0) next += 1;
  const from = first === 0 ? 0 : (places[first - 1] ?? 0) + 1;
  const to = next === before.length ? after.length : (places[next] ?? 0);
  return { line: within(Math.min(from + (wanted - first), Math.max(from, to - 1)) + 1, after.length), exact: false };
}

const within = (line: number, lines: number): number => Math.max(1, Math.min(line, lines));
