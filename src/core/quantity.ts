/** A quantity read from text, or a sentence that says what is wrong with the text and what to write instead. */
export type ParsedQuantity =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly message: string };

const prefixes = ['', 'K', 'M', 'G', 'T', 'P'];

const binaryUnits = prefixes.map((prefix, power) => ({
  name: prefix === '' ? 'B' : `${prefix}iB`,
  bytes: 1024 ** power,
}));
const decimalUnits = prefixes.map((prefix, power) => ({ name: `${prefix}B`, bytes: 1000 ** power }));

/** `G` alone is `GiB`, as for Docker and Slurm. */
const bytesPerUnit = new Map(
  [
    ...decimalUnits,
    ...binaryUnits,
    ...binaryUnits.slice(1).map(({ name, bytes }) => ({ name: name.slice(0, 1), bytes })),
    ...binaryUnits.slice(1).map(({ name, bytes }) => ({ name: name.slice(0, 2), bytes })),
  ].map(({ name, bytes }) => [name.toLowerCase(), bytes]),
);

/** Bytes from `80GiB`, `1.5 TB`, `512M`; a unit is required. `GB` is 10^9, `GiB` and `G` are 2^30. Rounds to whole bytes. */
export function parseBytes(text: string): ParsedQuantity {
  const match = /^([0-9]{1,20}(?:\.[0-9]{1,20})?) ?([a-z]{0,10})$/iu.exec(text.trim());
  const [, digits, unit] = match ?? [];
  if (digits === undefined || unit === undefined) {
    return refuse(`${quoted(text)} is not a size. Write a number and a unit, such as 64GiB, 1.5TB or 512M.`);
  }
  if (unit === '') {
    return refuse(`${digits} needs a unit: write ${digits}GiB or ${digits}GB, for example.`);
  }
  const factor = bytesPerUnit.get(unit.toLowerCase());
  return factor === undefined
    ? refuse(`${quoted(unit)} is not a unit of size. Use B, KiB, MiB, GiB, TiB or KB, MB, GB, TB.`)
    : bounded(Number(digits) * factor, text);
}

/** The shortest text that `parseBytes` reads as exactly that many bytes: `80GiB`, `1500GB`. */
export function writeBytes(bytes: number): string {
  const texts = [...binaryUnits.toReversed(), ...decimalUnits.toReversed()]
    .filter((unit) => bytes % unit.bytes === 0)
    .map((unit) => ({ digits: String(bytes / unit.bytes), unit: unit.name }));
  const [shortest] = texts.toSorted((a, b) => a.digits.length - b.digits.length);
  return shortest === undefined || bytes === 0 ? `${bytes}B` : `${shortest.digits}${shortest.unit}`;
}

const durationUnits = [
  { ms: 7 * 86_400_000, names: ['w', 'wk', 'week', 'weeks'] },
  { ms: 86_400_000, names: ['d', 'day', 'days'] },
  { ms: 3_600_000, names: ['h', 'hr', 'hrs', 'hour', 'hours'] },
  { ms: 60_000, names: ['m', 'min', 'mins', 'minute', 'minutes'] },
  { ms: 1000, names: ['s', 'sec', 'secs', 'second', 'seconds'] },
  { ms: 1, names: ['ms'] },
];

const msPerUnit = new Map(durationUnits.flatMap(({ ms, names }) => names.map((name) => [name, ms] as const)));

const durationExamples = 'such as 12h, 90m or 1h30m';

/** Milliseconds from `12h`, `90m`, `1h30m`, `1.5 days`, `2:30:00` and Slurm's `1-12:00:00`; a unit is required. */
export function parseDuration(text: string): ParsedQuantity {
  const wanted = text.trim().toLowerCase();
  if (/^[0-9.]+$/u.test(wanted)) {
    return refuse(`${quoted(text)} needs a unit: write a duration with one, ${durationExamples}.`);
  }
  if (/^[0-9]+:[0-9]+$/u.test(wanted)) {
    return refuse(
      `${quoted(text)} could be hours or minutes. Write it ${durationExamples}, or with seconds as 1:30:00.`,
    );
  }
  const clock = /^(?:([0-9]{1,6})-)?([0-9]{1,6}):([0-5][0-9]):([0-5][0-9])$/u.exec(wanted);
  if (clock !== null) {
    const [days, hours, minutes, seconds] = clock.slice(1).map((digits: string | undefined) => Number(digits ?? 0));
    return bounded((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1000, text);
  }
  const parts = wanted.length > 100 ? null : wanted.match(/[0-9]+(?:\.[0-9]+)? ?[a-z]+/gu);
  if (parts === null || parts.join('') !== wanted.replaceAll(/(?<=[a-z]),? +/gu, '')) {
    return refuse(`${quoted(text)} is not a duration. Write numbers with units, ${durationExamples}.`);
  }
  return sumDuration(parts, text);
}

function sumDuration(parts: readonly string[], text: string): ParsedQuantity {
  let sum = 0;
  let larger = Number.POSITIVE_INFINITY;
  for (const part of parts) {
    const unit = part.replace(/^[0-9. ]+/u, '');
    const ms = msPerUnit.get(unit);
    if (ms === undefined) {
      return refuse(`${quoted(unit)} is not a unit of time. Use w, d, h, m, s or ms, ${durationExamples}.`);
    }
    if (ms >= larger) {
      return refuse(
        `The units of ${quoted(text)} are out of order. Write the largest first and each once, ${durationExamples}.`,
      );
    }
    larger = ms;
    sum += Number.parseFloat(part) * ms;
  }
  return bounded(sum, text);
}

/** The text that `parseDuration` reads as exactly that many milliseconds: `1h30m`, `2d`. */
export function writeDuration(ms: number): string {
  let rest = ms;
  const parts = durationUnits.slice(1).map((unit) => {
    const amount = Math.floor(rest / unit.ms);
    rest -= amount * unit.ms;
    return amount === 0 ? '' : `${amount}${unit.names[0] ?? ''}`;
  });
  return parts.join('') || '0s';
}

function bounded(value: number, text: string): ParsedQuantity {
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) ? { ok: true, value: whole } : refuse(`${quoted(text)} is too large.`);
}

function refuse(message: string): ParsedQuantity {
  return { ok: false, message };
}

/** Text from a person as it may stand in a message: one line, not too long. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39).toWellFormed()}…` : text);
}

/** Bytes for people, in powers of 1000 and at most three digits: `999 B`, `1.2 MB`, `120 GB`. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let amount = bytes;
  let power = 0;
  while (Number(rounded(amount)) >= 1000 && power < names.length - 1) {
    amount /= 1000;
    power += 1;
  }
  return `${rounded(amount)} ${names[power] ?? ''}`;
}

function rounded(amount: number): string {
  return amount < 10 ? String(Number(amount.toFixed(1))) : amount.toFixed(0);
}

/** How long something took, for people, by its two largest units: `45 s`, `4 m 03 s`, `1 h 12 m`, `2 d 3 h`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) {
    return `${seconds} s`;
  }
  if (hours === 0) {
    return `${minutes} m ${padded(seconds % 60)} s`;
  }
  return hours < 24 ? `${hours} h ${padded(minutes % 60)} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function padded(amount: number): string {
  return String(amount).padStart(2, '0');
}

/** How long ago something was, for people: `just now`, `3 min ago`, `2 h ago`, `5 d ago`. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 5) {
    return 'just now';
  }
  if (seconds < 60) {
    return `${seconds} s ago`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}
