/** Text that is looked for, as its bytes. One that begins with a line feed is at the start of the line after it. */
export interface Needle {
  readonly text: string;
  /** Whether it is found in other case as well; of a to z only. */
  readonly anyCase: boolean;
}

/** Texts that are looked for together. */
export interface NeedleSet {
  readonly needles: readonly Needle[];
  /**
   * For byteScan.as. First, for each of the first three bytes of a needle, two tables of 16 bytes: by the low and by the high half
   * of the byte, in which of eight groups of needles it occurs. Seven groups hold the needles; the eighth stands for an escape
   * sequence after a byte of a needle. Then two tables of 8,192 bytes: a bit for each two bytes that a needle may begin with, and one for
   * each two that may follow these. Then, when there is one needle only, 1 and what its first byte and two others are: of each, what is
   * set in it where case does not matter, and the byte itself, before these where in the needle the others stand; else bytes of 0.
   * Then for each value of a first byte, and one more, where in the list that follows the needles
   * begin that begin with it, in two bytes; then that list: length in two bytes, 1 where case does not matter, the bytes.
   */
  readonly packed: Uint8Array;
}

/** What `packed` may take, in bytes. */
export const mostPacked = 60_000;

/** What is compared of an only needle lies within so many bytes: more cannot be read beyond the end. */
const mostAhead = 32;

const groups = 7;
const cutGroup = 1 << groups;
const escape = 0x1b;

/** None of the texts is empty. undefined when they are too long. */
export function needleSet(needles: readonly Needle[]): NeedleSet | undefined {
  const entries = needles
    .flatMap(({ text, anyCase }) => {
      const bytes = Buffer.from(anyCase ? lower(text) : text);
      return bothCases(bytes[0] ?? 0, anyCase).map((first) => ({ first, bytes, anyCase }));
    })
    .toSorted((one, other) => one.first - other.first || Buffer.compare(one.bytes, other.bytes));
  const packed = Buffer.concat([tablesOf(entries), ...pairsOf(entries), onlyOf(needles), listOf(entries)]);
  return packed.byteLength > mostPacked ? undefined : { needles, packed };
}

interface Entry {
  readonly first: number;
  readonly bytes: Buffer;
  readonly anyCase: boolean;
}

function tablesOf(entries: readonly Entry[]): Uint8Array {
  const tables = new Uint8Array(96);
  const enter = (place: number, byte: number, group: number): void => {
    const low = place * 32 + (byte & 15);
    const high = place * 32 + 16 + (byte >> 4);
    tables[low] = (tables[low] ?? 0) | group;
    tables[high] = (tables[high] ?? 0) | group;
  };
  const members = Array.from({ length: groups }, (): readonly Entry[] => []);
  for (const entry of entries) {
    const [best] = members
      .map((group, index) => [index, looseness([...group, entry]) - looseness(group)] as const)
      .reduce((one, other) => (other[1] < one[1] ? other : one));
    members[best] = [...(members[best] ?? []), entry];
    for (const [place, bytes] of placesOf(entry).entries()) {
      for (const byte of bytes) {
        enter(place, byte, 1 << best);
      }
    }
    for (const inner of entry.bytes.subarray(0, -1)) {
      for (const byte of bothCases(inner, entry.anyCase)) {
        enter(0, byte, cutGroup);
      }
    }
  }
  enter(1, escape, cutGroup);
  for (const byte of anyByte) {
    enter(2, byte, cutGroup);
  }
  return tables;
}

function pairsOf(entries: readonly Entry[]): readonly Uint8Array[] {
  const [begins, follows] = [new Uint8Array(8_192), new Uint8Array(8_192)];
  const enter = (table: Uint8Array, ones: readonly number[], others: readonly number[]): void => {
    for (const one of ones) {
      for (const other of others) {
        // As two bytes lie in memory.
        const pair = one | (other << 8);
        table[pair >> 3] = (table[pair >> 3] ?? 0) | (1 << (pair & 7));
      }
    }
  };
  for (const { first, bytes, anyCase } of entries) {
    const [second = every, third = every, fourth = every] = [...bytes.subarray(1, 4)].map((byte) =>
      bothCases(byte, anyCase),
    );
    enter(begins, [first], second);
    enter(follows, third, fourth);
  }
  return [begins, follows];
}

const every = Array.from({ length: 256 }, (_, byte) => byte);

function onlyOf(needles: readonly Needle[]): Uint8Array {
  const [only, ...others] = needles;
  if (only === undefined || others.length > 0) {
    return new Uint8Array(9);
  }
  const bytes = Buffer.from(only.anyCase ? lower(only.text) : only.text);
  const last = Math.min(bytes.byteLength, mostAhead) - 1;
  const [first, ...rest] = [0, Math.max(0, last - 1), last].map((place) => {
    const byte = bytes[place] ?? 0;
    return { place, compared: [bothCases(byte, only.anyCase).length > 1 ? 0x20 : 0, byte] };
  });
  return Uint8Array.from([
    1,
    ...(first?.compared ?? []),
    ...rest.flatMap(({ place, compared }) => [place, ...compared]),
  ]);
}

/** How many different three bytes the tables of a group take for the beginning of a needle. */
function looseness(group: readonly Entry[]): number {
  const places = group.map(placesOf);
  return [0, 1, 2].reduce((product, place) => {
    const bytes = places.flatMap((one) => one[place] ?? []);
    return product * new Set(bytes.map((byte) => byte & 15)).size * new Set(bytes.map((byte) => byte >> 4)).size;
  }, 1);
}

/** The bytes that may be in its first three places. */
function placesOf({ first, bytes, anyCase }: Entry): readonly (readonly number[])[] {
  const others = [bytes[1], bytes[2]].map((byte) => (byte === undefined ? anyByte : bothCases(byte, anyCase)));
  return [[first], ...others];
}

const anyByte = Array.from({ length: 16 }, (_, half) => half * 0x11);

function listOf(entries: readonly Entry[]): Uint8Array {
  const begins = Buffer.alloc(257 * 2);
  let at = 0;
  for (let value = 0; value < 256; value += 1) {
    begins.writeUInt16LE(Math.min(at, 0xffff), value * 2);
    for (const { first, bytes } of entries) {
      at += first === value ? 3 + bytes.byteLength : 0;
    }
  }
  begins.writeUInt16LE(Math.min(at, 0xffff), 512);
  const list = entries.map(({ bytes, anyCase }) => {
    const head = [bytes.byteLength & 0xff, (bytes.byteLength >> 8) & 0xff, anyCase ? 1 : 0];
    return Buffer.concat([Uint8Array.from(head), bytes]);
  });
  return Buffer.concat([begins, ...list]);
}

/** As `toLowerCase`, but of a to z only. */
export function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/gu, (letters) => letters.toLowerCase());
}

function bothCases(byte: number, anyCase: boolean): readonly number[] {
  return anyCase && byte >= 0x61 && byte <= 0x7a ? [byte, byte - 0x20] : [byte];
}
