import type { EpochMs } from '../core/job.ts';

/**
 * One entry of an attempt's `order` file, which says in which order its streams grew. `opening` tells the openings of the spool
 * apart (0..65535, counting round): whoever reads along sees by it that records it has read were cut off and written anew.
 */
export type OrderRecord = ArrivalRecord | GapRecord;

/** So many bytes of one stream arrived at this time. */
export interface ArrivalRecord {
  readonly kind: 'arrival';
  /** Position of the stream among the attempt's streams. */
  readonly stream: number;
  /** Less than 4 GiB. */
  readonly bytes: number;
  readonly time: EpochMs;
  readonly opening: number;
}

/** Something is missing here. */
export interface GapRecord {
  readonly kind: 'gap';
  /** Position of the gap among the attempt's recorded gaps. */
  readonly gap: number;
  readonly time: EpochMs;
  readonly opening: number;
}

/** Little endian: u32 stream (all ones: a gap), u32 bytes or position of the gap, u48 time, u16 opening. */
export const orderRecordBytes = 16;

const gapMark = 0xffff_ffff;
const latestTime = 2 ** 48 - 1;

/** The number of the opening that follows. */
export function nextOpening(opening: number): number {
  return (opening + 1) % 65_536;
}

/** A time that is no number, or that lies outside of 1970 to 10889, is written as the nearest that can be. */
export function encodeOrder(records: readonly OrderRecord[]): Uint8Array {
  const data = Buffer.alloc(records.length * orderRecordBytes);
  for (const [index, record] of records.entries()) {
    const at = index * orderRecordBytes;
    data.writeUInt32LE(record.kind === 'gap' ? gapMark : record.stream, at);
    data.writeUInt32LE(record.kind === 'gap' ? record.gap : record.bytes, at + 4);
    data.writeUIntLE(Math.min(Math.max(Math.trunc(record.time) || 0, 0), latestTime), at + 8, 6);
    data.writeUInt16LE(record.opening, at + 14);
  }
  return data;
}

/** Whole records only; an incomplete one at the end is still being written. */
export function decodeOrder(data: Uint8Array): readonly OrderRecord[] {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: Math.floor(data.byteLength / orderRecordBytes) }, (_, index) => {
    const at = index * orderRecordBytes;
    const stream = buffer.readUInt32LE(at);
    const amount = buffer.readUInt32LE(at + 4);
    const time = buffer.readUIntLE(at + 8, 6);
    const opening = buffer.readUInt16LE(at + 14);
    return stream === gapMark
      ? { kind: 'gap', gap: amount, time, opening }
      : { kind: 'arrival', stream, bytes: amount, time, opening };
  });
}
