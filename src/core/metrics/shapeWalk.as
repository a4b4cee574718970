// AssemblyScript, compiled by scripts/wasm.ts. All positions are addresses. What lies where is told in shapeTree.ts.

const LINE_FEED: u8 = 10;

/** A node: mask, expected bytes (16 each), then `beside`, the reader and the length of the piece (4 each). */
const EXPECTED: usize = 16;
const BESIDE: usize = 32;
const READER: usize = 36;
const LENGTH: usize = 40;
const NODE: usize = 48;

/** A plan: how many values, then rank, step, epoch and the values as numbers. */
const NUMBERS: usize = 4;
/** A number: start, end, power, start and end of the exponent, sign, sign of the exponent, whether it is inverse (4 each). */
const NUMBER: usize = 32;

/** A record: reader, line, rank, step, epoch, values (8 each). */
const HEAD: usize = 40;

/** Beyond these powers of ten are not exact. */
const EXACT: i32 = 22;

let isExact: bool = true;

/**
 * Goes through pieces of lines from `at` on while their shapes are known, and writes what they say to `out`. Stops before a piece of
 * another shape, or when there is no room for another record. Writes to `state` (4 each): where it stopped, how many lines ended
 * before, where the records end.
 */
export function walk(
  at: usize,
  end: usize,
  root: usize,
  plans: usize,
  powers: usize,
  out: usize,
  outEnd: usize,
  line: f64,
  state: usize,
): void {
  let pieceStart = at;
  let lines: i32 = 0;
  let node = root;
  const six = i8x16.splat(6);
  while (node != 0) {
    const mask = v128.load(node);
    const expected = v128.load(node, EXPECTED);
    const word = v128.load(at);
    const carried = i8x16.add(word, v128.andnot(six, mask));
    const differs = v128.or(v128.xor(v128.and(word, mask), expected), v128.xor(v128.and(carried, mask), expected));
    if (!v128.any_true(differs)) {
      at += 16;
      node += NODE;
      continue;
    }
    const length = load<u32>(node, LENGTH);
    if (length == 0) {
      node = load<u32>(node, BESIDE);
    } else {
      const reader = load<u32>(node, READER);
      const plan = plans + <usize>load<u32>(plans + (<usize>reader << 2));
      const count = load<u32>(plan);
      if (count != 0) {
        const next = out + HEAD + (<usize>count << 3);
        if (next > outEnd) {
          break;
        }
        isExact = true;
        store<f64>(out, f64(reader));
        store<f64>(out + 8, line + f64(lines));
        store<f64>(out + 16, numberAt(pieceStart, plan + NUMBERS, powers));
        store<f64>(out + 24, numberAt(pieceStart, plan + NUMBERS + NUMBER, powers));
        store<f64>(out + 32, numberAt(pieceStart, plan + NUMBERS + 2 * NUMBER, powers));
        let number = plan + NUMBERS + 3 * NUMBER;
        for (let value = out + HEAD; value < next; value += 8) {
          store<f64>(value, numberAt(pieceStart, number, powers));
          number += NUMBER;
        }
        if (!isExact) {
          break;
        }
        out = next;
      }
      pieceStart += <usize>length;
      lines += i32(load<u8>(pieceStart - 1) == LINE_FEED);
      at = pieceStart;
      node = pieceStart < end ? root : 0;
    }
  }
  store<u32>(state, u32(pieceStart));
  store<i32>(state + 4, lines);
  store<u32>(state + 8, u32(out));
}

/** Rounds once, as reading the number's text would: digits and powers are exact. */
@inline
function numberAt(pieceStart: usize, number: usize, powers: usize): f64 {
  const from = load<u32>(number);
  const to = load<u32>(number, 4);
  if (from == to) {
    return 0;
  }
  let power = load<i32>(number, 8);
  const exponentFrom = load<u32>(number, 12);
  const exponentTo = load<u32>(number, 16);
  if (exponentFrom < exponentTo) {
    power += i32(digitsIn(pieceStart + exponentFrom, pieceStart + exponentTo)) * load<i32>(number, 24);
  }
  let value = f64(digitsIn(pieceStart + from, pieceStart + to));
  if (power < -EXACT || power > EXACT) {
    isExact = false;
  } else if (power < 0) {
    value = value / load<f64>(powers - (<usize>power << 3));
  } else if (power > 0) {
    value = value * load<f64>(powers + (<usize>power << 3));
  }
  value = value * f64(load<i32>(number, 20));
  return load<i32>(number, 28) != 0 ? 1 / value : value;
}

/** Signs, points and commas are passed over. */
@inline
function digitsIn(at: usize, end: usize): i64 {
  let digits: i64 = 0;
  for (; at < end; at += 1) {
    const digit = i64(load<u8>(at)) - 48;
    if (digit >= 0) {
      digits = digits * 10 + digit;
    }
  }
  return digits;
}
