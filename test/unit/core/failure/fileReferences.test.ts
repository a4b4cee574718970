import { expect, test } from 'vitest';
import { fileReferences } from '../../../../src/core/failure/fileReferences.ts';

test.each([
  ['  File "/code/my model.py", line 12, in f', '/code/my model.py:12', '/code/my model.py", line 12'],
  ['  File "C:\\me\\a.py", line 3', 'C:\\me\\a.py:3', 'C:\\me\\a.py", line 3'],
  ['tests/test_x.py:12: in test_f', 'tests/test_x.py:12', 'tests/test_x.py:12'],
  ['src/a.py:12:5: E501 Line too long', 'src/a.py:12:5', 'src/a.py:12:5'],
  ['a.py:3: error: Name "x" is not defined  [name-defined]', 'a.py:3', 'a.py:3'],
  ['csrc/foo.cu:123', 'csrc/foo.cu:123', 'csrc/foo.cu:123'],
  ['csrc/foo.cu(40): error: identifier "x" is undefined', 'csrc/foo.cu:40', 'csrc/foo.cu(40)'],
  ['File ~/a.py:3, in f(x)', '~/a.py:3', '~/a.py:3'],
  [
    'at ../torch/csrc/c10d/ProcessGroupNCCL.cpp:618 (most',
    '../torch/csrc/c10d/ProcessGroupNCCL.cpp:618',
    '../torch/csrc/c10d/ProcessGroupNCCL.cpp:618',
  ],
  ['C:\\me\\a.py:3: UserWarning: x', 'C:\\me\\a.py:3', 'C:\\me\\a.py:3'],
  ['C:/me/a.py:3', 'C:/me/a.py:3', 'C:/me/a.py:3'],
  ['(src/a.py:7)', 'src/a.py:7', 'src/a.py:7'],
  ['[train.py:55] step', 'train.py:55', 'train.py:55'],
  ['│ /code/train.py:20 in main │', '/code/train.py:20', '/code/train.py:20'],
  ['I1102 10:11:12.131415 139 train.py:55] step', 'train.py:55', 'train.py:55'],
  ['path=src/a.py:7,', 'src/a.py:7', 'src/a.py:7'],
  ['größe/modèle.py:4', 'größe/modèle.py:4', 'größe/modèle.py:4'],
])('%s', (text, place, shown) => {
  const [found, ...others] = fileReferences(text);
  expect(others).toEqual([]);
  expect(found).toBeDefined();
  const { path = '', line = 0, column = null, start = 0, end = 0 } = found ?? {};
  expect(`${path}:${line}${column === null ? '' : `:${column}`}`).toBe(place);
  expect(text.slice(start, end)).toBe(shown);
});

test('several on a line come from left to right', () => {
  const text = 'a.py:1 File "b.py", line 2 c.cu(3): error d.py:4:5';
  expect(fileReferences(text).map(({ path, line, column }) => [path, line, column])).toEqual([
    ['a.py', 1, null],
    ['b.py', 2, null],
    ['c.cu', 3, null],
    ['d.py', 4, 5],
  ]);
});

test.each([
  'http://localhost:6006/',
  'https://example.py:8080/a.py',
  'tcp://node.rs:29500',
  '12:30:45',
  '2024-01-01T12:30:45',
  'torch:2.1.0',
  '10.0.0.1:29500',
  'ratio 4:3',
  'key:12',
  'a.py:0',
  'loss.py:0.25',
  'x.py:12:30:45',
  'a.py:12abc',
  'a.py:50%',
  '.py:3',
  'dir/.py:3',
  'File "<string>", line 1, in <module>',
  'File "<stdin>", line 1',
  'File "<frozen importlib._bootstrap>", line 241, in _call',
  'File "", line 3',
  'File "a.py", line 0',
  'File "a.py", line x',
  'File "a.py',
  'test.py::test_a',
  'image.tar:3',
  'file(3): x',
  'C:3',
  '/dev/sda:1',
])('no place in %s', (text) => {
  expect(fileReferences(text)).toEqual([]);
});
