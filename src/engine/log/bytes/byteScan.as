// AssemblyScript, compiled by scripts/wasm.ts. All positions are addresses; 48 bytes after each end may be read, and written by
// what writes. What these do is told, and done without WebAssembly, in plainByteScan.ts.

const LINE_FEED: u8 = 10;
const RETURN: u8 = 13;
const BELL: u8 = 7;
const ESCAPE: u8 = 27;
const BACKSLASH: u8 = 92;

/** Of parts of a set of needles, see needles.ts. */
const HALVES: usize = 96;
const PAIRS: usize = 8192;
const TABLES: usize = HALVES + 2 * PAIRS;
const ONLY: usize = 9;
const CUT_GROUP: u8 = 128;

export function countLineFeeds(at: usize, end: usize): u32 {
  const lineFeed = i8x16.splat(LINE_FEED);
  let total: u32 = 0;
  while (end - at >= 16) {
    const until = at + (min<usize>((end - at) >> 4, 255) << 4);
    let sums = i8x16.splat(0);
    for (; at < until; at += 16) {
      sums = i8x16.sub(sums, i8x16.eq(v128.load(at), lineFeed));
    }
    const words = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(sums));
    total += i32x4.extract_lane(words, 0) + i32x4.extract_lane(words, 1);
    total += i32x4.extract_lane(words, 2) + i32x4.extract_lane(words, 3);
  }
  for (; at < end; at += 1) {
    total += u32(load<u8>(at) == LINE_FEED);
  }
  return total;
}

/** Copies what is seen to `to`; gives the end of the copy. */
export function copyVisible(at: usize, end: usize, to: usize): usize {
  const escape = i8x16.splat(ESCAPE);
  const ret = i8x16.splat(RETURN);
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    const special = i8x16.bitmask(v128.or(i8x16.eq(bytes, escape), i8x16.eq(bytes, ret)));
    const plain: usize = special == 0 ? 16 : usize(ctz(special));
    if (plain >= end - at) {
      return to + (end - at);
    }
    at += plain;
    to += plain;
    if (special != 0) {
      const kept = to;
      while (at < end) {
        const byte = load<u8>(at);
        if (byte == ESCAPE) {
          at = afterEscape(at + 1, end);
        } else if (byte == RETURN) {
          store<u8>(to, RETURN);
          at += 1;
          to += 1;
        } else {
          if (byte == LINE_FEED) {
            to = kept;
          }
          break;
        }
      }
    }
  }
  return to;
}

function afterEscape(at: usize, end: usize): usize {
  const kind = at < end ? load<u8>(at) : 0;
  if (kind == 0x5b) {
    const classes = i8x16.shr_u(v128.load(at, 1), 4);
    const parameters = i8x16.bitmask(i8x16.ne(classes, i8x16.splat(3)));
    if (parameters != 0 && end - at > 17) {
      at += 1 + usize(ctz(parameters));
    } else {
      at = afterRun(at + 1, min(end, at + 65), 0x30, 0x3f);
    }
    const last = at < end ? load<u8>(at) : 0;
    if (last >= 0x40 && last <= 0x7e) {
      return at + 1;
    }
    at = afterRun(at, min(end, at + 8), 0x20, 0x2f);
    return afterRun(at, min(end, at + 1), 0x40, 0x7e);
  }
  if (kind == 0x5d) {
    return afterCommand(at + 1, end);
  }
  at = afterRun(at, min(end, at + 8), 0x20, 0x2f);
  const last: u8 = at < end ? load<u8>(at) : 0;
  return at + usize(last >= 0x30 && last <= 0x7e && last != 0x5b && last != 0x5d);
}

function afterRun(at: usize, most: usize, low: u8, high: u8): usize {
  while (at < most && load<u8>(at) >= low && load<u8>(at) <= high) {
    at += 1;
  }
  return at;
}

function afterCommand(at: usize, end: usize): usize {
  const most = min(end, at + 4096);
  while (at < most) {
    const byte = load<u8>(at);
    if (byte == BELL || byte == ESCAPE || byte == LINE_FEED) {
      break;
    }
    at += 1;
  }
  if (at < end && load<u8>(at) == BELL) {
    return at + 1;
  }
  return at + 1 < end && load<u8>(at) == ESCAPE && load<u8>(at + 1) == BACKSLASH ? at + 2 : at;
}

let copyEnd: usize = 0;

/** Where the copy ends that `linesWith` made. */
export function endOfCopy(): usize {
  return copyEnd;
}

/**
 * Writes the numbers of the lines in which one of the needles is seen to `found`; gives how many. A line feed lies at `at - 1`; a
 * needle that begins with one is in the line after it. `set`: see needles.ts. `scratch` has room for a line. What is seen of the
 * lines is copied to `to`, unless that is 0.
 */
export function linesWith(at: usize, end: usize, set: usize, found: usize, scratch: usize, to: usize): u32 {
  let line: u32 = -1;
  let count: u32 = 0;
  let counted = at - 1;
  let from = at - 1;
  store<u8>(scratch - 1, LINE_FEED);
  while (from < end) {
    const place = candidate(from, end, set);
    if (place >= end) {
      break;
    }
    const isThere = isNeedle(place, end, set);
    if (!isThere && load<u8>(place, 1) != ESCAPE) {
      from = place + 1;
      continue;
    }
    const inLine = place + usize(load<u8>(place) == LINE_FEED);
    const stop = indexOf(inLine, end, LINE_FEED);
    const start = lineStart(inLine);
    const holds =
      indexOf(start, stop, ESCAPE) == stop ? isThere : isIn(scratch - 1, copyVisible(start, stop, scratch), set);
    from = stop;
    if (holds) {
      line += countLineFeeds(counted, inLine);
      counted = inLine;
      store<u32>(found + (usize(count) << 2), line);
      count += 1;
      if (to != 0) {
        to = copyVisible(start, min(end, stop + 1), to);
      }
    }
  }
  copyEnd = to;
  return count;
}

/** Where a needle may begin, or where an escape sequence may cut one in two; `end` or more if nowhere. */
function candidate(from: usize, end: usize, set: usize): usize {
  return load<u8>(set, TABLES) ? candidateOfOne(from, end, set) : candidateOfMany(from, end, set);
}

/** Faster: three of its bytes are compared. */
function candidateOfOne(from: usize, end: usize, set: usize): usize {
  const fold0 = v128.load8_splat(set, TABLES + 1);
  const byte0 = v128.load8_splat(set, TABLES + 2);
  const place1 = usize(load<u8>(set, TABLES + 3));
  const fold1 = v128.load8_splat(set, TABLES + 4);
  const byte1 = v128.load8_splat(set, TABLES + 5);
  const place2 = usize(load<u8>(set, TABLES + 6));
  const fold2 = v128.load8_splat(set, TABLES + 7);
  const byte2 = v128.load8_splat(set, TABLES + 8);
  const escape = i8x16.splat(ESCAPE);
  for (; from < end; from += 16) {
    const one = v128.load(from);
    const is0 = i8x16.eq(v128.or(one, fold0), byte0);
    const is1 = i8x16.eq(v128.or(v128.load(from + place1), fold1), byte1);
    const is2 = i8x16.eq(v128.or(v128.load(from + place2), fold2), byte2);
    const begins = v128.and(is0, v128.and(is1, is2));
    const cuts = i8x16.eq(v128.load(from, 1), escape);
    if (v128.any_true(v128.or(begins, cuts))) {
      const low = i8x16.swizzle(v128.load(set), v128.and(one, i8x16.splat(15)));
      const high = i8x16.swizzle(v128.load(set, 16), i8x16.shr_u(one, 4));
      const inner = v128.and(v128.and(low, high), i8x16.splat(CUT_GROUP));
      const maybe = v128.or(begins, v128.and(cuts, i8x16.eq(inner, i8x16.splat(CUT_GROUP))));
      if (v128.any_true(maybe)) {
        return from + usize(ctz(i8x16.bitmask(maybe)));
      }
    }
  }
  return end;
}

function candidateOfMany(from: usize, end: usize, set: usize): usize {
  const low = i8x16.splat(15);
  const low0 = v128.load(set);
  const high0 = v128.load(set, 16);
  const low1 = v128.load(set, 32);
  const high1 = v128.load(set, 48);
  const low2 = v128.load(set, 64);
  const high2 = v128.load(set, 80);
  for (; from < end; from += 16) {
    const one = v128.load(from);
    const two = v128.load(from, 1);
    const three = v128.load(from, 2);
    const m0 = v128.and(i8x16.swizzle(low0, v128.and(one, low)), i8x16.swizzle(high0, i8x16.shr_u(one, 4)));
    const m1 = v128.and(i8x16.swizzle(low1, v128.and(two, low)), i8x16.swizzle(high1, i8x16.shr_u(two, 4)));
    const m2 = v128.and(i8x16.swizzle(low2, v128.and(three, low)), i8x16.swizzle(high2, i8x16.shr_u(three, 4)));
    const maybe = v128.and(m0, v128.and(m1, m2));
    if (v128.any_true(maybe)) {
      let places = i8x16.bitmask(i8x16.ne(maybe, i8x16.splat(0)));
      for (; places != 0; places &= places - 1) {
        const place = from + usize(ctz(places));
        if (load<u8>(place, 1) == ESCAPE || beginsOne(place, set)) {
          return place;
        }
      }
    }
  }
  return end;
}

/** Whether a needle may begin with the four bytes. Groups mix the bytes of their needles: this tells most others apart. */
function beginsOne(place: usize, set: usize): bool {
  const begins = usize(load<u16>(place));
  const follows = usize(load<u16>(place, 2));
  const first = load<u8>(set + HALVES + (begins >> 3)) >> u8(begins & 7);
  const second = load<u8>(set + HALVES + PAIRS + (follows >> 3)) >> u8(follows & 7);
  return (first & second & 1) != 0;
}

function isIn(at: usize, end: usize, set: usize): bool {
  for (; at < end; at += 1) {
    at = candidate(at, end, set);
    if (at < end && isNeedle(at, end, set)) {
      return true;
    }
  }
  return false;
}

/** After the bytes of the only needle: for each byte value, where the needles that begin with it end in the list before, see needles.ts. */
function isNeedle(at: usize, end: usize, set: usize): bool {
  const ends = set + TABLES + ONLY + (usize(load<u8>(at)) << 1);
  const list = set + TABLES + ONLY + 514;
  let needle = list + usize(load<u16>(ends));
  const last = list + usize(load<u16>(ends, 2));
  while (needle < last) {
    const length = usize(load<u16>(needle));
    if (at + length <= end && isSame(at, needle + 3, length, load<u8>(needle, 2))) {
      return true;
    }
    needle += 3 + length;
  }
  return false;
}

function isSame(at: usize, needle: usize, length: usize, anyCase: u8): bool {
  for (let index: usize = 0; index < length; index += 1) {
    let byte = load<u8>(at + index);
    if (anyCase && byte >= 0x41 && byte <= 0x5a) {
      byte |= 0x20;
    }
    if (byte != load<u8>(needle + index)) {
      return false;
    }
  }
  return true;
}

function indexOf(at: usize, end: usize, byte: u8): usize {
  const wanted = i8x16.splat(byte);
  for (; at < end; at += 16) {
    const places = i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
    if (places != 0) {
      return min(end, at + usize(ctz(places)));
    }
  }
  return end;
}

/** A line feed lies before. */
function lineStart(at: usize): usize {
  while (load<u8>(at - 1) != LINE_FEED) {
    at -= 1;
  }
  return at;
}
