import type { ManifestEntry } from './manifest.ts';

const block = 512;
/** The largest size that eleven octal digits hold. */
const maxOctalSize = 0o77777777777;

/** What ends an archive: two blocks of zeros. */
export const archiveEnd: Uint8Array = new Uint8Array(2 * block);

/** Zeros between the end of a content of `size` bytes and the next block. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((block - (size % block)) % block);
}

/** Bytes before an entry's content: a ustar header, behind a pax one where ustar cannot say it. Times and owners are zero. */
export function entryHeader(entry: ManifestEntry): Uint8Array {
  const size = entry.kind === 'file' ? entry.size : 0;
  const target = entry.kind === 'symlink' ? entry.target : '';
  const name = splitName(entry.path);
  const records: string[] = [];
  if (name === null) {
    records.push(paxRecord('path', entry.path));
  }
  if (!isPlain(target, 100)) {
    records.push(paxRecord('linkpath', target));
  }
  if (size > maxOctalSize) {
    records.push(paxRecord('size', String(size)));
  }
  const header = ustar({
    ...(name ?? { prefix: '', name: plainEnd(entry.path) }),
    mode: entry.kind === 'symlink' ? 0o777 : entry.executable ? 0o755 : 0o644,
    size: size > maxOctalSize ? 0 : size,
    type: entry.kind === 'symlink' ? '2' : '0',
    target: isPlain(target, 100) ? target : '',
  });
  if (records.length === 0) {
    return header;
  }
  const pax = Buffer.from(records.join(''));
  const paxHeader = ustar({ prefix: '', name: 'PaxHeader', mode: 0o644, size: pax.length, type: 'x', target: '' });
  return Buffer.concat([paxHeader, pax, padding(pax.length), header]);
}

interface UstarFields {
  readonly prefix: string;
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly type: '0' | '2' | 'x';
  readonly target: string;
}

function ustar(fields: UstarFields): Uint8Array {
  const header = Buffer.alloc(block);
  header.write(fields.name, 0, 'latin1');
  header.write(`${octal(fields.mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, 'latin1');
  header.write(`${octal(fields.size, 11)}\0${octal(0, 11)}\0        ${fields.type}`, 124, 'latin1');
  header.write(fields.target, 157, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 329, 'latin1');
  header.write(fields.prefix, 345, 'latin1');
  let sum = 0;
  for (const byte of header) {
    sum += byte;
  }
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** Bytes outside ASCII mean nothing certain in ustar. */
function isPlain(text: string, length: number): boolean {
  return text.length <= length && /^[\u0001-\u007e]*$/u.test(text);
}

function splitName(path: string): { readonly prefix: string; readonly name: string } | null {
  if (!isPlain(path, 256)) {
    return null;
  }
  if (path.length <= 100) {
    return { prefix: '', name: path };
  }
  const slash = path.indexOf('/', path.length - 101);
  return slash < 1 || slash > 155 ? null : { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** Shown by programs that do not read pax headers. */
function plainEnd(path: string): string {
  return path
    .replaceAll(/[^\u0020-\u007e]/gu, '_')
    .slice(-100)
    .replace(/^\/+/u, '');
}

/** `<length> key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}
