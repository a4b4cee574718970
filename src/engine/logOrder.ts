import type { EpochMs } from '../core/job.ts';

/** So many bytes of one stream arrived at this time; the `order` file is a row of these. */
export interface Arrival {
  /** Position of the stream among the attempt's streams. */
  readonly stream: number;
  readonly bytes: number;
  readonly time: EpochMs;
}

/** u32 stream, u32 bytes, f64 time; little endian. */
export const arrivalBytes = 16;

export function encodeArrival({ stream, bytes, time }: Arrival): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(arrivalBytes);
  const view = new DataView(record.buffer);
  view.setUint32(0, stream, true);
  view.setUint32(4, bytes, true);
  view.setFloat64(8, time, true);
  return record;
}

/** Whole records only; an incomplete one at the end is still being written. */
export function decodeArrivals(data: Uint8Array): readonly Arrival[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: Math.floor(data.byteLength / arrivalBytes) }, (_, index) => {
    const at = index * arrivalBytes;
    return { stream: view.getUint32(at, true), bytes: view.getUint32(at + 4, true), time: view.getFloat64(at + 8, true) };
  });
}
