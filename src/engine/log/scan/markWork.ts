import { type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import { FailureScan } from './failureScan.ts';
import { findMarks, type FoundMarks, mostRanks } from './markScan.ts';
import type { ScanFiles } from './scanFiles.ts';
import type { FromScan } from './scanMessages.ts';
import { readUnit } from './scanUnits.ts';
import type { ScanWork } from './scanWork.ts';

export function markWork(
  { raw }: ScanFiles,
  bytes: ByteScan,
  send: (message: FromScan, transfer: ArrayBuffer[]) => void,
): ScanWork<FoundMarks> {
  const failureScan = new FailureScan(raw, bytes);
  const ranks = new Set<number>();
  const rankList = (): readonly number[] => [...ranks].toSorted((a, b) => a - b);
  return {
    read: async (from, to, room) => {
      const unit = await readUnit(raw, from, to, room, mostBytes);
      return async () => {
        const found = await findMarks(bytes, raw, unit);
        return { found, transfer: [found.errors.buffer, found.warnings.buffer, found.begins.buffer] };
      };
    },
    take: async ({ errors, warnings, begins, ranks: seen }, from, to) => {
      for (const rank of seen) {
        if (ranks.size < mostRanks) {
          ranks.add(rank);
        }
      }
      const failures = await failureScan.failures(begins, from, to);
      if (errors.length > 0 || warnings.length > 0 || failures.length > 0 || from.line === 0) {
        send({ kind: 'marks', errors, warnings, failures, ranks: rankList() }, [errors.buffer, warnings.buffer]);
      }
    },
    flush: () => undefined,
    finish: () => {
      const failures = failureScan.end();
      if (failures.length > 0) {
        const none = { errors: new Uint32Array(), warnings: new Uint32Array() };
        send({ kind: 'marks', ...none, failures, ranks: rankList() }, []);
      }
    },
  };
}
