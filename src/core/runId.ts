import { type EpochMs, type RunId, isRunId } from './job.ts';

/** Crockford base32: no I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A new ULID: 48 bits of time, 80 of chance. It sorts after `previous`, the one minted before it here, even in the same
 * millisecond or when the clock went back. `random(n)` gives n random bytes. Throws RangeError for a time that is not between
 * 1970 and 10889.
 */
export function mintRunId(now: EpochMs, random: (bytes: number) => Uint8Array, previous?: RunId): RunId {
  const time = timeText(now);
  const id = previous !== undefined && previous.slice(0, 10) >= time ? successor(previous) : time + randomText(random);
  if (!isRunId(id)) {
    throw new RangeError(`No run id can be made for the time ${now}: check this machine's clock.`);
  }
  return id;
}

/** When it was minted, by the clock of the machine that did. */
export function runIdTime(id: RunId): EpochMs {
  return Array.from(id.slice(0, 10)).reduce((time, digit) => time * 32 + alphabet.indexOf(digit), 0);
}

function timeText(now: EpochMs): string {
  const digits = Array.from({ length: 10 }, (_, index) => Math.floor(now / 32 ** (9 - index)) % 32);
  return digits.map((digit) => alphabet[digit] ?? '').join('');
}

function randomText(random: (bytes: number) => Uint8Array): string {
  return Array.from(random(16), (byte) => alphabet.charAt(byte % 32)).join('');
}

/** The id read as a number, plus one. */
function successor(id: string): string {
  const tail = /Z*$/u.exec(id)?.[0].length ?? 0;
  const at = id.length - tail - 1;
  return id.slice(0, at) + alphabet.charAt(alphabet.indexOf(id.charAt(at)) + 1) + '0'.repeat(tail);
}
