import { expect, test } from 'vitest';
import { matchFrame } from '../../../../src/core/failure/localFile.ts';

const files = new Set([
  'train.py',
  'src/model.py',
  'src/utils/io.py',
  'src/a/same.py',
  'src/b/same.py',
  'lib/__init__.py',
  'src/__init__.py',
  '.venv/lib/python3.11/site-packages/x/y.py',
]);
const root = '/runs/7/code';

test.each([
  ['/runs/7/code/src/model.py', [root], 'src/model.py'],
  ['/runs/7/code/./src/utils/../model.py', [root], 'src/model.py'],
  ['/runs/7/code/src/model.py', ['/runs/7/code/'], 'src/model.py'],
  ['/runs/7/code/.venv/lib/python3.11/site-packages/x/y.py', [root], '.venv/lib/python3.11/site-packages/x/y.py'],
  ['C:\\runs\\7\\train.py', ['c:\\runs\\7'], 'train.py'],
  ['/workspace/src/model.py', [root], 'src/model.py'],
  ['/anywhere/train.py', [], 'train.py'],
  ['/anywhere/src/a/same.py', [], 'src/a/same.py'],
  ['~/proj/src/model.py', [], 'src/model.py'],
  ['train.py', [root], 'train.py'],
  ['./src/model.py', [], 'src/model.py'],
  ['utils/io.py', [], 'src/utils/io.py'],
  ['proj/src/model.py', [], 'src/model.py'],
  ['../src/model.py', [], 'src/model.py'],
])('%s of %j is %s', (path, roots, expected) => {
  expect(matchFrame(path, files, roots)).toBe(expected);
});

test.each([
  ['/runs/7/code/other.py', [root]],
  ['/runs/7/code/sub/train.py', [root]],
  ['/anywhere/train.py', [root]],
  ['/runs/7/codex/train.py', [root]],
  ['/opt/conda/lib/python3.11/site-packages/pkg/train.py', []],
  ['/usr/lib/python3/dist-packages/src/model.py', []],
  ['/usr/lib/python3.11/src/model.py', []],
  ['/anywhere/same.py', []],
  ['/anywhere/__init__.py', []],
  ['same.py', []],
  ['/anywhere/retrain.py', []],
  ['../train.py', []],
  ['<string>', []],
  ['<frozen importlib._bootstrap>', []],
  ['Cell In[3]', []],
  ['', []],
  ['/', []],
])('%s of %j is no file of the snapshot', (path, roots) => {
  expect(matchFrame(path, files, roots)).toBeNull();
});
