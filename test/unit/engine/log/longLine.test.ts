import fc from 'fast-check';
import { expect, test } from 'vitest';

import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import type { TextSpan } from '../../../../src/engine/log/lineReplay.ts';
import { lastVersion } from '../../../../src/engine/log/longLine.ts';

const spanOf = (bytes: Buffer): TextSpan => ({ kind: 'line', stream: 0, start: 0, end: bytes.byteLength, time: null });

test('gives the last version whatever the pieces in which it is read', async () => {
  const part = fc.constantFrom('a', 'größe', '\u001b[31m', '\u001b]8;;http://x\u0007', '\r', '日', '\u001b');
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (parts, portion) => {
      const line = parts.join('');
      const last = line.replace(/\r+$/u, '').split('\r').at(-1) ?? '';
      const bytes = Buffer.from(line);
      const pieces: string[] = [];
      const read = async (_stream: number, at: number, length: number): Promise<Uint8Array> =>
        bytes.subarray(at, at + length);
      for await (const piece of lastVersion(read, spanOf(bytes), portion)) {
        pieces.push(piece);
      }
      expect(pieces.join('')).toBe(visibleText(last));
    }),
  );
});

test('says when bytes are gone', async () => {
  const bytes = Buffer.from('abcdef');
  let reads = 0;
  const read = async (_stream: number, at: number, length: number): Promise<Uint8Array> => {
    reads += 1;
    return reads > 2 ? new Uint8Array() : bytes.subarray(at, at + length);
  };
  const pieces = lastVersion(read, spanOf(bytes));
  await expect(
    (async () => {
      for await (const _ of pieces) {
        // Until it is noticed.
      }
    })(),
  ).rejects.toThrow('6 bytes of the log are gone.');
});
