import { describe, expect, it } from 'vitest';

import { pathInside } from '../../../src/editor/pathInside.ts';

describe('pathInside', () => {
  it('gives the path below the folder', () => {
    expect(pathInside('/home/ada/lab', '/home/ada/lab/src/train.py')).toBe('src/train.py');
    expect(pathInside('/home/ada/lab', '/home/ada/lab/..train.py')).toBe('..train.py');
  });

  it('gives none for what is elsewhere', () => {
    expect(pathInside('/home/ada/lab', '/home/ada/lab')).toBeUndefined();
    expect(pathInside('/home/ada/lab', '/home/ada/labs/train.py')).toBeUndefined();
    expect(pathInside('/home/ada/lab', '/home/ada/lab/../other/train.py')).toBeUndefined();
    expect(pathInside('/home/ada/lab', '/etc/passwd')).toBeUndefined();
  });
});
