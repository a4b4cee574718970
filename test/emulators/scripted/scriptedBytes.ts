/** `length` bytes that depend on the seed alone, spread evenly over all values. */
export function scriptedBytes(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed ^ 0x9e3779b9) >>> 0;
  for (let index = 0; index < length; index += 1) {
    state = (state + 0x6d2b79f5) >>> 0;
    bytes[index] = mix(state) & 0xff;
  }
  return bytes;
}

/** A number from 1 to `max` that depends on the two others alone. */
export function scriptedLength(seed: number, position: number, max: number): number {
  return 1 + (mix((seed * 31 + position * 0x85ebca6b) >>> 0) % max);
}

function mix(state: number): number {
  let value = Math.imul(state ^ (state >>> 15), state | 1);
  value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
  return (value ^ (value >>> 14)) >>> 0;
}
