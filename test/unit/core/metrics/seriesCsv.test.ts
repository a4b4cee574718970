import { expect, test } from 'vitest';

import { csvRow, csvTitles } from '../../../../src/core/metrics/seriesCsv.ts';

const point = { name: 'loss', rank: null, value: 0.1, step: 10, epoch: null, line: 0 };

test('each point is a row with its line as editors count it', () => {
  expect(csvTitles).toBe('name,rank,step,epoch,value,line\r\n');
  expect(csvRow(point)).toBe('loss,,10,,0.1,1\r\n');
  expect(csvRow({ ...point, rank: 3, value: Number.NaN, step: null, epoch: 0.5, line: 41 })).toBe(
    'loss,3,,0.5,NaN,42\r\n',
  );
});

test('a name cannot break out of its cell nor become a formula', () => {
  const names = ['a,b', 'a"b', 'a\nb', '=1+1', '@x'];
  expect(names.map((name) => csvRow({ ...point, name })).join('')).toBe(
    '"a,b",,10,,0.1,1\r\n"a""b",,10,,0.1,1\r\n"a\nb",,10,,0.1,1\r\n\'=1+1,,10,,0.1,1\r\n\'@x,,10,,0.1,1\r\n',
  );
});

test('values are exact', () => {
  expect(csvRow({ ...point, value: 0.1 + 0.2 })).toContain(',0.30000000000000004,');
});
