import { describe, expect, it } from 'vitest';

import { FrameLinks } from '../../../../src/editor/failures/frameLinks.ts';
import { codeOf } from './failureParts.ts';

const links = (paths: readonly string[], startFolder = '.') =>
  new FrameLinks(codeOf(Object.fromEntries(paths.map((path) => [path, ''])), { startFolder }));

describe('the links of a line', () => {
  it('lead to files of the run alone', () => {
    const text = '  File "/runs/one/work/train.py", line 12, in main';
    const [link, ...others] = links(['train.py']).of(text);
    expect(link).toMatchObject({ path: 'train.py', line: 12 });
    expect(text.slice(link?.start, link?.end)).toBe('/runs/one/work/train.py", line 12');
    expect(others).toEqual([]);
    expect(links(['train.py']).of('  File "/usr/lib/python3.12/runpy.py", line 88, in run')).toEqual([]);
    expect(links(['etc/passwd.py']).of('../../etc/shadow.py:1 /etc/shadow.py:1')).toEqual([]);
  });

  it('know where the command was started', () => {
    const both = ['train.py', 'experiments/train.py'];
    expect(links(both, 'experiments').of('train.py:3: error')).toMatchObject([{ path: 'experiments/train.py' }]);
    expect(links(both).of('train.py:3: error')).toMatchObject([{ path: 'train.py' }]);
    expect(links(both, 'experiments').resolve('/runs/one/work/train.py')).toBe('train.py');
  });

  it('are the same when they are asked for again', () => {
    const found = links(['train.py']);
    expect(found.of('train.py:1 x train.py:2')).toEqual(found.of('train.py:1 x train.py:2'));
    expect(found.resolve('other.py')).toBeNull();
    expect(found.resolve('other.py')).toBeNull();
  });

  it('are not more than anybody can read, whatever a line holds', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `package${index}/__init__.py`);
    const hostile = many
      .map((path) => `${path}:1`)
      .join(' ')
      .slice(0, 16_384);
    expect(links(many).of(hostile)).toHaveLength(100);
  });
});
