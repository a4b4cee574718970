import { render } from 'preact';
import { act } from 'preact/test-utils';
import { expect, it } from 'vitest';

import type { FilesState, JobView } from '../../../src/protocol/jobPanel.ts';
import { Files } from '../../../webview/job/Files.tsx';
import { usePage } from './page.ts';

const page = usePage();

function draw(outputGlobs: readonly string[], files: FilesState): string {
  void act(() => {
    render(<Files job={{ outputGlobs } as JobView} files={files} send={() => undefined} />, page.root);
  });
  return page.root.textContent;
}

const model = { path: 'model/weights.bin', bytes: 2048, modifiedAt: null };

it('shows what the provider lists of a job that names no result files', () => {
  const text = draw([], { kind: 'listed', files: [model] });
  expect(text).toContain('1 file');
  expect(text).toContain('model/weights.bin');
  expect(text).not.toContain('names no result files');
});

it('says how to name result files only when there are none', () => {
  expect(draw([], { kind: 'loading' })).toContain('Looking for files');
  expect(draw([], { kind: 'listed', files: [] })).toContain('This job names no result files.');
  expect(draw(['out/**'], { kind: 'listed', files: [] })).toContain('0 files match out/**');
});
