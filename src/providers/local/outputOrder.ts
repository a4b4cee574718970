/**
 * The `order` file of a run says in which order its two output files grew: records of 16 bytes, each "this file was seen to
 * reach this length at this time". Lengths are absolute, so a record that is seen twice, or after its bytes were handed
 * out for another reason, does no harm.
 */
export interface Arrival {
  readonly stream: OutputStream;
  /** Length of that stream's file, in bytes. */
  readonly end: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export const outputStreams = ['stdout', 'stderr'] as const;
export type OutputStream = (typeof outputStreams)[number];

export const arrivalBytes = 16;

export function encodeArrival({ stream, end, time }: Arrival): Buffer {
  const record = Buffer.alloc(arrivalBytes);
  // Both in one number: exact for files of up to 2^52 bytes.
  record.writeDoubleLE(end * 2 + (stream === 'stdout' ? 0 : 1), 0);
  record.writeDoubleLE(time, 8);
  return record;
}

/** Whole records only; a torn one at the end is not there yet. */
export function decodeArrivals(bytes: Buffer): Arrival[] {
  return Array.from({ length: Math.floor(bytes.length / arrivalBytes) }, (_, index) => {
    const packed = bytes.readDoubleLE(index * arrivalBytes);
    return {
      stream: packed % 2 === 0 ? 'stdout' : 'stderr',
      end: Math.floor(packed / 2),
      time: bytes.readDoubleLE(index * arrivalBytes + 8),
    };
  });
}
