import type { ByteScan } from '../bytes/byteScan.ts';

import { type FoundLines, lineJoin, lineLook } from './findScan.ts';
import type { ScanFiles } from './scanFiles.ts';
import type { FromScan, LineGoal } from './scanMessages.ts';
import { readUnit } from './scanUnits.ts';
import type { ScanWork } from './scanWork.ts';

/** Lines that are handed over at once, at most, and how long some wait for more, in ms. */
const batchLines = 100_000;
const batchEvery = 30;

/** Of one line more is not searched, in bytes. */
const longestSearched = 100 * 1024 * 1024;

interface FoundInUnit extends FoundLines {
  readonly isPartial: boolean;
}

/** Throws SyntaxError for a pattern that is none. */
export function lineWork(
  goal: LineGoal,
  { raw, rankOf }: ScanFiles,
  bytes: ByteScan,
  send: (message: FromScan, transfer: ArrayBuffer[]) => void,
): ScanWork<FoundInUnit> {
  const look = lineLook(goal, bytes, rankOf);
  const join = lineJoin(goal);
  let lines: number[] = [];
  let sentAt = 0;
  let toldPartial = false;
  const flush = (): void => {
    if (lines.length > 0) {
      const batch = Uint32Array.from(lines);
      lines = [];
      sentAt = performance.now();
      send({ kind: 'lines', lines: batch }, [batch.buffer]);
    }
  };
  return {
    read: async (from, to, room) => {
      const unit = await readUnit(raw, from, to, room, longestSearched);
      return async () => {
        const found = await look(raw, unit);
        const transfer = [found.lines.buffer, ...(found.shown === null ? [] : [found.shown.buffer])];
        return { found: { ...found, isPartial: unit.isPartial }, transfer };
      };
    },
    take: (found, from, to) => {
      if (found.isPartial && !toldPartial) {
        toldPartial = true;
        send({ kind: 'partial' }, []);
      }
      for (const line of join(found, from, to)) {
        lines.push(line);
      }
      if (lines.length >= batchLines || performance.now() - sentAt >= batchEvery) {
        flush();
      }
    },
    flush,
    finish: () => undefined,
  };
}
