import { expect, it } from 'vitest';

import { VersionMap } from '../../../../src/editor/failures/versionMap.ts';

const text = 'one\ntwo\nthree\nfour\n';

it('takes line ends and the mark that some files begin with for nothing', () => {
  const version = new VersionMap(`\uFEFF${text.replaceAll('\n', '\r\n')}`);
  expect(version.isSame(text)).toBe(true);
  expect(version.isSame(`${text}five`)).toBe(false);
  expect(version.map(text, 3)).toEqual({ line: 3, exact: true });
});

it('follows a line through what was put above it', () => {
  expect(new VersionMap(text).map(`zero\n${text}`, 3)).toEqual({ line: 4, exact: true });
});

it('says when the line is not there any more', () => {
  expect(new VersionMap(text).map('one\ntwo\n3\nfour\n', 3)).toEqual({ line: 3, exact: false });
  expect(new VersionMap(text).map('', 3)).toEqual({ line: 1, exact: false });
});
