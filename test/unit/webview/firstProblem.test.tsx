import { type ComponentChild, render } from 'preact';
import { act } from 'preact/test-utils';
import { beforeEach, expect, it } from 'vitest';

import type { FormProblem } from '../../../src/protocol/submitForm.ts';
import { EnvTable } from '../../../webview/submit/EnvTable.tsx';
import { focusFirstProblem, TextField } from '../../../webview/submit/fields.tsx';
import { Section } from '../../../webview/submit/Section.tsx';
import { usePage } from './page.ts';

const page = usePage();

beforeEach(() => {
  // jsdom lays nothing out, so it has none.
  Element.prototype.scrollIntoView = (): void => undefined;
});

function draw(problems: readonly FormProblem[], besides?: ComponentChild): void {
  const change = (): void => undefined;
  const rows = [
    { name: 'GOOD', value: '1' },
    { name: '2BAD', value: '2' },
  ];
  void act(() => {
    render(
      <>
        {besides}
        <TextField field="nodes" label="Nodes" value="two" problems={problems} change={change} />
        <Section title="Environment" filled={1}>
          <EnvTable rows={rows} problems={problems} change={change} />
        </Section>
      </>,
      page.root,
    );
  });
  // Where the real one is not registered, nothing says that it takes the keyboard.
  page.root.querySelector('vscode-text-field')?.setAttribute('tabindex', '0');
}

const nodes: FormProblem = { field: 'nodes', row: null, message: 'This must be a number.' };
const env: FormProblem = { field: 'env', row: 1, message: 'This is no name.' };

it('puts the keyboard into the first field of the form that has a problem, in whatever order they are told', () => {
  draw([env, nodes]);
  focusFirstProblem();
  expect(document.activeElement?.id).toBe('field-nodes');
});

it('unfolds a section for it, and finds the row', () => {
  draw([env]);
  expect(page.root.querySelector('details')?.open).toBe(false);
  focusFirstProblem();
  expect(page.root.querySelector('details')?.open).toBe(true);
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Name of variable 2');
});

it('passes by what is wrong with no field', () => {
  draw(
    [nodes],
    <div class="field">
      <input id="field-accelerator" />
      <p class="problem">The accelerators cannot be listed.</p>
    </div>,
  );
  focusFirstProblem();
  expect(document.activeElement?.id).toBe('field-nodes');
});

it('leaves the keyboard where it is when nothing is wrong', () => {
  draw([]);
  focusFirstProblem();
  expect(document.activeElement).toBe(document.body);
});
