import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { giveBackByteScan, takeByteScan } from '../../../../src/engine/log/bytes/createByteScan.ts';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';

const work = workFolder();

afterAll(() => {
  work.remove();
});

test('gives back the memory that counting takes once there is nothing more to count', async () => {
  const scan = takeByteScan();
  giveBackByteScan(scan);
  const path = join(work.path, 'counted.log');
  writeFileSync(path, 'one\ntwo\n');
  const source = new FileSource(path);
  const index = new LogIndex(source);
  await source.look(index.end, index.edges);
  expect(await index.advance()).toBe(true);
  expect(takeByteScan()).not.toBe(scan);
  expect(await index.advance()).toBe(false);
  expect(takeByteScan()).toBe(scan);
  expect(index.lines).toBe(2);
  await source.close();
});
